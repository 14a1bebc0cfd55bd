"""From continua to experiments, and from the answers of participants back to numbers."""
