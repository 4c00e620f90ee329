import ArgumentParser
import ClientPostgreSQL
import Host
import Journal
import Maintenance

struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the journal is: sqlite:FILE, or postgresql://HOST/DATABASE as libpq reads it. Default: what MILLWRIGHT_STORE says, else a file under the state directory.",
            discussion: """
                A password on the command line is seen by others: leave it to PGPASSFILE, PGPASSWORD, or a service file \
                with postgresql://?service=NAME.
                """))
    var store: String?

    /// What `--store` leads to.
    enum Place: Equatable {
        case file(String)
        /// As libpq reads it.
        case server(String)
    }

    func place(_ host: Host) throws(JournalError) -> Place {
        guard let store = store ?? host.environment("MILLWRIGHT_STORE") else {
            return .file(Self.state(host) + "/journal.sqlite")
        }
        if store.hasPrefix("sqlite:"), store.utf8.count > 7 { return .file(String(store.dropFirst(7))) }
        if PostgreSQLKind.schemes.contains(where: { store.hasPrefix("\($0)://") }) { return .server(store) }
        throw JournalError(
            .unreadable,
            "`\(store.prefix { $0 != ":" })` is no journal that this version knows: write sqlite:FILE or postgresql://…."
        )
    }

    /// The file by which those beside the journal are named. A server's lie in the state directory, a folder each: holds
    /// must work while it does not.
    func path(_ host: Host) throws(JournalError) -> String {
        switch try place(host) {
        case .file(let path): return path
        case .server(let url):
            let identity: String
            do throws(ValueError) { identity = try RecordAddress(url).identity } catch {
                throw JournalError(.unreadable, "`--store` cannot be used: \(error).")
            }
            let name = identity.map { character in
                character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
                    ? character : "-"
            }
            return Self.state(host) + "/" + String(name) + "/journal"
        }
    }

    private static func state(_ host: Host) -> String {
        let state = host.environment("XDG_STATE_HOME") ?? host.environment("HOME").map { $0 + "/.local/state" }
        return (state ?? "/var/lib") + "/millwright"
    }
}
