internal import ArgumentParser

@main
struct DMIOCommand: ParsableCommand {}
