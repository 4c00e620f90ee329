import Host
import Maintenance

/// The files that AWS tools share, `~/.aws/config` and `~/.aws/credentials`, as one table of profiles.
struct ProfileFiles: Sendable {
    private let profiles: [String: [String: String]]

    init(config: String, credentials: String) {
        var profiles: [String: [String: String]] = [:]
        for (section, settings) in Self.sections(config) {
            // In this file only `default` stands without the word; other sections are not profiles.
            let words = section.split(separator: " ", maxSplits: 1).map(String.init)
            guard section == "default" || words.first == "profile" else { continue }
            profiles[words.last ?? section, default: [:]].merge(settings) { $1 }
        }
        for (section, settings) in Self.sections(credentials) { profiles[section, default: [:]].merge(settings) { $1 } }
        self.profiles = profiles
    }

    /// The files where the environment or custom has them; one that is not there is empty.
    static func read(on host: Host, until deadline: Duration) async throws -> ProfileFiles {
        let home = host.environment("HOME").map { $0 + "/.aws/" }
        func text(_ variable: String, _ name: String) async throws -> String {
            guard let path = host.environment(variable) ?? home.map({ $0 + name }) else { return "" }
            do {
                let bytes = try await offPool(until: deadline, on: host) {
                    try host.readFile(path, ObjectStoreLimits.credentialFile)
                }
                return String(decoding: bytes, as: UTF8.self)
            } catch let error as FileError where error.isMissing && host.environment(variable) == nil {
                return ""
            } catch let error as FileError {
                throw CouldNotLook(
                    .signInFailed, "\(error); it is one of the files that AWS tools take credentials from.")
            }
        }
        return ProfileFiles(
            config: try await text("AWS_CONFIG_FILE", "config"),
            credentials: try await text("AWS_SHARED_CREDENTIALS_FILE", "credentials"))
    }

    subscript(_ name: String) -> [String: String]? { profiles[name] }

    private static func sections(_ text: String) -> [(String, [String: String])] {
        var result: [(String, [String: String])] = []
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[" {
                let name = line.dropFirst().prefix { $0 != "]" }
                result.append((trimmed(name).replacing("\"", with: ""), [:]))
                continue
            }
            // An indented line belongs to a nested setting, of which none is needed here.
            guard first != " ", first != "\t", let equals = line.firstIndex(of: "="), !result.isEmpty else { continue }
            let value = trimmed(line[line.index(after: equals)...])
            result[result.count - 1].1[trimmed(line[..<equals]).lowercased()] = withoutComment(value)
        }
        return result
    }

    private static func withoutComment(_ value: String) -> String {
        guard let mark = value.firstRange(of: " #") ?? value.firstRange(of: " ;") else { return value }
        return trimmed(value[..<mark.lowerBound])
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let start = text.drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
