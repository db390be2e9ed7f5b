"""Quality of labels from several people: agreement, consensus, scorecards of people, escalation and gold; numpy only."""
