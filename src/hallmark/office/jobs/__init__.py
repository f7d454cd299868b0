"""Work that outlives a request, and days on which something falls due: two tables with leases, no broker."""
