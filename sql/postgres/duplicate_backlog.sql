select waiting, oldest from duplicate_backlog()
