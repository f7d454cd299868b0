"""Audits on site: a checklist from the scheme, findings and photos, filled in here or in a pack without network."""
