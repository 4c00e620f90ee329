import ArgumentParser
import Engine
import FoundationEssentials
import Glibc
import Host
import Maintenance

/// What a hold is about, as the command line says it.
struct HoldOptions: ParsableArguments {
    @Flag(help: "Everything.")
    var all = false

    @Option(help: "One service.")
    var service: String?

    @Option(help: "One target, by its identity as runs show it or by its name in a plan.")
    var target: String?

    func validate() throws {
        let named = [all, service != nil, target != nil].count { $0 }
        guard named == 1 else { throw ValidationError("Say what is meant: --all, --service NAME or --target TARGET.") }
    }

    var scope: HoldScope {
        if let service { return .service(service) }
        if let target { return .target(target) }
        return .all
    }
}

struct SetHold: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Stops changes, at once and until they are released; looking goes on.",
        discussion: """
            What is being changed is ended where the target can end it, and looked at: all is quiet within ten seconds. \
            Holds lie in a file beside the journal and work while the journal does not.
            """)

    @OptionGroup var what: HoldOptions
    @OptionGroup var store: StoreOptions

    @Option(help: "Why: everybody who meets the hold is told.")
    var reason: String

    func run() throws {
        let composition = Composition()
        let hold = Hold(
            scope: what.scope, reason: reason, by: RunSession.operatorName, at: composition.host.now())
        try HoldFile.change(store, composition) { $0.filter { $0.scope != hold.scope } + [hold] }
        Output.line("\(Style.strong("held")): \(hold.scope). `millwright release` lifts it.")
    }
}

struct Release: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lifts a hold.", discussion: "Without arguments it lists what is held.")

    @Flag(help: "The hold on everything.")
    var all = false

    @Option(help: "The hold on one service.")
    var service: String?

    @Option(help: "The hold on one target.")
    var target: String?

    @OptionGroup var store: StoreOptions

    func validate() throws {
        let named = [all, service != nil, target != nil].count { $0 }
        guard named <= 1 else { throw ValidationError("Release one hold at a time.") }
    }

    func run() throws {
        let composition = Composition()
        guard all || service != nil || target != nil else { return try list(composition) }
        let scope: HoldScope = service.map(HoldScope.service) ?? target.map(HoldScope.target) ?? .all
        var isLifted = false
        try HoldFile.change(store, composition) { holds in
            let rest = holds.filter { $0.scope != scope }
            isLifted = rest.count < holds.count
            return rest
        }
        guard isLifted else {
            Output.diagnostic("There is no hold on \(scope). `millwright release` lists those that are.")
            throw ExitCode.validationFailure
        }
        Output.line("released: \(scope)")
        try list(composition)
    }

    private func list(_ composition: Composition) throws {
        let holds = try HoldFile.read(store, composition)
        if holds.isEmpty { Output.line("nothing is held") }
        for hold in holds {
            Output.line("held: \(hold.scope), by \(hold.by) since \(hold.at): \(Style.plain(hold.reason))")
        }
    }
}

extension HoldFile {
    static func read(_ store: StoreOptions, _ composition: Composition) throws -> [Hold] {
        let file = try composition.holds(store)
        do { return try file.holds() } catch {
            Output.diagnostic("\(file.path) cannot be read. Mend or remove it: until then nothing is changed.")
            throw ExitStatus.journal
        }
    }

    /// Changes the holds, one change at a time.
    static func change(
        _ store: StoreOptions, _ composition: Composition, _ edit: ([Hold]) -> [Hold]
    ) throws {
        let file = try composition.holds(store)
        let folder = URL(filePath: file.path).deletingLastPathComponent()
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = FolderLock(folder.path)
        defer { lock.release() }
        let holds = edit(try read(store, composition))
        do {
            try file.write(holds)
        } catch {
            Output.diagnostic("\(file.path) cannot be written: nothing was changed there.")
            throw ExitStatus.journal
        }
    }
}

/// One change of the holds at a time, or one of two that come together would be lost.
private struct FolderLock {
    private let descriptor: Int32

    /// Waits two seconds at most: whoever stands still meanwhile must not keep others from the stop button.
    init(_ folder: String) {
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for _ in 0..<200 where descriptor >= 0 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            usleep(10_000)
        }
    }

    func release() {
        if descriptor >= 0 { close(descriptor) }
    }
}
