"""Who there is and where they are: users, numbers, trunks, registrations."""
