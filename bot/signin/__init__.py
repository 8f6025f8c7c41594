"""Who looks at the pages: sign-in with GitHub, and what GitHub lets that person read."""
