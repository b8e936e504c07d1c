"""The words of an airing as text: drafts, corrections, sign-off, captions; what a recogniser or a captioner gave stays as it was."""
