import ArgumentParser
import Sandbox

@main
struct MillwrightSandbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millwright-sandbox", abstract: "Real servers on the loopback, to try Millwright on.",
        subcommands: [SteamTrap.self])
}

struct SteamTrap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steamtrap", abstract: "The STEAMTRAP service: PostgreSQL, Redis and an API behind TLS.",
        subcommands: [Up.self, Down.self, Status.self, Faults.self, Heal.self, ChangeData.self, Keep.self])
}

struct State: ParsableArguments {
    @Option(name: .customLong("state"), help: "The folder with the sandbox's state and its env file.")
    var folder = ".sandbox"

    var commands: SandboxCommands { SandboxCommands(folder: folder) }
}

struct Size: ParsableArguments {
    @Option(help: "Rows of trap_inspections; the other tables follow.")
    var rows = SteamTrapSize().rows
    @Option(help: "Keys in Redis.")
    var keys = SteamTrapSize().keys

    func validate() throws {
        guard (1000...100_000_000).contains(rows), (1000...10_000_000).contains(keys) else {
            throw ValidationError("--rows takes 1,000 to 100,000,000, --keys 1,000 to 10,000,000.")
        }
    }
}
