public import Host
public import Maintenance

/// Reads a plan, with the estate beside it, and looks for every mistake that can be found before anything runs.
public enum PlanLoader {
    /// The file beside the plans with what they share.
    public static let estateName = "estate.yaml"

    /// The plan, or all its mistakes at once.
    public static func load(path: String, host: Host, catalogue: Catalogue) throws(PlanErrors) -> Plan {
        var log = MistakeLog()
        return try load(path: path, host: host, catalogue: catalogue, &log)
    }

    static func load(
        path: String, host: Host, catalogue: Catalogue, _ log: inout MistakeLog
    ) throws(PlanErrors) -> Plan {
        let bytes = try read(path, host: host)
        let estateFile = folder(of: path) + estateName
        let estateBytes = try readWhereThere(estateFile, host: host)
        var sources = [bytes]
        var estate: Estate?
        var estateIsUnreadable = false
        if let estateBytes {
            sources.append(estateBytes)
            do {
                estate = EstateReader.read(
                    try YAMLReader.read(estateBytes, file: estateFile), catalogue, folder: folder(of: path), host: host,
                    &log)
            } catch {
                log.add(error.diagnostics)
            }
            estateIsUnreadable = estate == nil
        }
        let node: PlanNode
        do { node = try YAMLReader.read(bytes, file: path) } catch {
            log.add(error.diagnostics)
            throw PlanErrors(log.diagnostics)
        }
        let digest = sha256Hex(sources.map { sha256Hex($0) }.joined(separator: "\n").utf8)
        var reader = PlanReader(
            catalogue: catalogue, host: host, estate: estate, estateIsUnreadable: estateIsUnreadable, digest: digest,
            folder: folder(of: path))
        let plan = reader.read(node, &log)
        if let plan { PlanValidation.validate(plan, catalogue.adding(plan.programs), &log) }
        guard let plan, log.isEmpty else { throw PlanErrors(log.diagnostics) }
        return plan
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    private static func read(_ path: String, host: Host) throws(PlanErrors) -> [UInt8] {
        guard let bytes = try readWhereThere(path, host: host) else {
            let start = Position(file: path, line: 1, column: 1)
            throw PlanErrors([Diagnostic("there is no such file; name the plan's file", at: start)])
        }
        return bytes
    }

    private static func readWhereThere(_ path: String, host: Host) throws(PlanErrors) -> [UInt8]? {
        let start = Position(file: path, line: 1, column: 1)
        do {
            return try host.readFile(path, PlanLimits.fileSize)
        } catch let error as FileError {
            if error.isMissing { return nil }
            throw PlanErrors([Diagnostic("the file could not be read: \(error.reason)", at: start)])
        } catch {
            throw PlanErrors([Diagnostic("the file could not be read", at: start)])
        }
    }
}
