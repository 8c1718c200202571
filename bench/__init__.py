"""What a case costs: the opening leg of the real system beside a floor, both measured in one run."""
