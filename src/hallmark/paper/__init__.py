"""What people print and file: certificates and reports as sealed PDF, views of a record that is the truth."""
