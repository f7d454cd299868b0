"""Who is who: people, organisations, what each does for which, and how they prove it at the door."""
