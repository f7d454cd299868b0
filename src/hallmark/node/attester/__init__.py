"""How a development node attests: a reproducible measurement of its code, by the protocol of TPM 2.0 on a software TPM.

Parties, in the order they act: the `Manufacturer` makes a TPM whose endorsement key it certifies; the `Attester` has
the TPM make an attestation key; the `Registrar` certifies that key once the TPM proved to hold both; from then on the
attester quotes what the node is. Everyone else judges by `hallmark.attestation`.
"""
