"""From tables to what they say: means with intervals, figures, and verdicts on claims."""
