"""Who may log in, and how: the password, how often it may be guessed, and single sign-on."""
