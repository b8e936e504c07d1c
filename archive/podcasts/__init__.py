"""What other programs read of the archive: podcasts, Atom, the site's map. Only what anybody may play; it changes no recording."""
