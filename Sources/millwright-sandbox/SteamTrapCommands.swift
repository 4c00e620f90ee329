import ArgumentParser
import Glibc
import Sandbox

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start it in the background, fill it, and say what runs where.")
    @OptionGroup var state: State
    @OptionGroup var size: Size
    @Flag(help: "End a sandbox that is up there already.") var fresh = false

    func run() async throws {
        if fresh { try await state.commands.down() }
        let folder = state.commands.folder
        try await state.commands.up(
            keeper: ["steamtrap", "keep", "--state", folder, "--rows", "\(size.rows)", "--keys", "\(size.keys)"],
            report: say)
    }
}

struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End it and delete all of it.")
    @OptionGroup var state: State

    func run() async throws { try await state.commands.down() }
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say what runs where and which faults are in force.")
    @OptionGroup var state: State

    func run() async throws { try await state.commands.status().forEach(say) }
}

struct Faults: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Put faults into it; `heal` takes them out.")
    @OptionGroup var state: State
    @Flag(help: "Say which faults there are and who must see them.") var list = false
    @Option(help: "Draw faults that do not hide each other, the same for the same number.") var seed: UInt64?
    @Option(help: "How many to draw.") var count = 5
    @Argument(help: "Names of faults.") var names: [String] = []

    func validate() throws {
        guard list || seed != nil || !names.isEmpty else {
            throw ValidationError("Name a fault, or give --list or --seed.")
        }
        for name in names where Fault.named(name) == nil {
            throw ValidationError("There is no fault '\(name)'; --list says which there are.")
        }
    }

    func run() async throws {
        if list {
            let width = (Fault.all.map(\.name.count).max() ?? 0) + 2
            for fault in Fault.all {
                let space = String(repeating: " ", count: width - fault.name.count)
                say("\(fault.name)\(space)\(fault.summary)  [\(fault.seenBy)]")
            }
            return
        }
        let drawn = seed.map { Fault.draw(seed: $0, count: count) } ?? []
        for fault in names.compactMap(Fault.named) + drawn { try await state.commands.apply(fault).forEach(say) }
    }
}

struct Heal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take all faults out.")
    @OptionGroup var state: State

    func run() async throws { try await state.commands.heal().forEach(say) }
}

struct ChangeData: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Change some data as a service that lives would, so that the next run differs.")
    @OptionGroup var state: State

    func run() async throws { try await state.commands.changeData().forEach(say) }
}

/// What `up` runs in the background.
struct Keep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hold a sandbox in the foreground.", shouldDisplay: false)
    @OptionGroup var state: State
    @OptionGroup var size: Size

    func run() async throws {
        try await SandboxKeeper.run(
            folder: state.commands.folder, size: SteamTrapSize(rows: size.rows, keys: size.keys), report: say)
    }
}

/// Lines appear as they are said, also in a file.
@Sendable private func say(_ line: String) {
    print(line)
    fflush(nil)
}
