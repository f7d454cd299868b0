"""How a node attests: by a TPM 2.0, or by what its confidential virtual machine reports; `families` says which.

By a TPM, parties in the order they act: a maker makes it and certifies its endorsement key (for development the
`Manufacturer` does, of TPMs in software); the `Attester` has the TPM make an attestation key; the `Registrar` certifies
that key once the TPM proved to hold both; from then on the attester quotes what the node is: a reproducible measurement
of its code. Everyone else judges by `hallmark.attestation`.
"""
