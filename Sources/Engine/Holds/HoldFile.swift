import FoundationEssentials
public import Host
public import Maintenance

/// The file that holds are kept in: beside the journal, and read before each effect, so that they work while the journal
/// does not.
public struct HoldFile: Sendable {
    public let path: String
    private let host: Host

    public init(path: String, on host: Host) {
        self.path = path
        self.host = host
    }

    private struct Contents: Codable {
        var schemaVersion = 1
        var holds: [Hold] = []
    }

    /// Oldest first. No file is no hold; a file that cannot be read throws.
    public func holds() throws -> [Hold] {
        let bytes: [UInt8]
        do {
            bytes = try host.readFile(path, EngineLimits.holdFile)
        } catch let error as FileError where error.isMissing {
            return []
        }
        return try decodeJSON(Contents.self, bytes).holds
    }

    /// Replaces the file whole, so that a reader never sees half of it.
    public func write(_ holds: [Hold]) throws {
        let bytes = try encodeJSON(Contents(holds: holds), pretty: true)
        try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    }

    /// Why nothing may be changed in the run now. Holds that cannot be read hold: nobody can say that none is there.
    public func cause(for start: RunStart) -> Cause? {
        do {
            guard let hold = try holds().first(where: { $0.scope.covers(start) }) else { return nil }
            return Cause(
                .held, "\(hold.by) holds \(hold.scope) since \(hold.at): \(hold.reason). `millwright release` lifts it."
            )
        } catch {
            return Cause(
                .held, "The holds in \(path) cannot be read, so nothing is changed. Mend or remove the file.")
        }
    }
}
