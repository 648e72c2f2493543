"""Who may use the machine when: admission by leases, fairness, recovery, rates, agents' state."""
