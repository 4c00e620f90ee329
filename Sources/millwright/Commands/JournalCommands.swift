import ArgumentParser

struct JournalCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Looks after the journal itself.",
        subcommands: [JournalCheck.self, JournalPrune.self, JournalExportCommand.self, JournalImportCommand.self])
}
