public import Maintenance

/// A program to run: an argument vector, never a line for a shell.
public struct ProgramCommand: Sendable {
    /// The program's name or path, and its arguments. Every user of the machine can read them: nothing secret.
    public var arguments: [String]
    /// Variables besides the few that are passed on.
    public var environment: [String: String]
    public var secrets: [String: Secret]
    /// Where it runs; without it, where this process does.
    public var directory: String?

    public init(
        _ arguments: [String], environment: [String: String] = [:], secrets: [String: Secret] = [:],
        directory: String? = nil
    ) {
        self.arguments = arguments
        self.environment = environment
        self.secrets = secrets
        self.directory = directory
    }

    /// What a program is given of our own environment.
    static let passedOn = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"]
    static let standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// What is wrong with it; found when a plan is read.
    public func validate() throws(ValueError) {
        guard let program = arguments.first, !program.isEmpty else {
            throw ValueError("no program is named", path: ["command"])
        }
        let length = arguments.reduce(0) { $0 + $1.utf8.count }
        guard arguments.count <= ProgramLimits.arguments, length <= ProgramLimits.argumentsLength else {
            throw ValueError("more arguments than a program is given")
        }
        guard !arguments.contains(where: { $0.utf8.contains(0) }) else {
            throw ValueError("an argument holds a zero byte")
        }
        for (name, value) in environment { try Self.check(name, value) }
        for (name, secret) in secrets {
            try Self.check(name, secret.reveal())
            guard environment[name] == nil else { throw ValueError("`\(name)` stands twice", path: [name]) }
            let text = secret.reveal()
            guard text.count < Limits.shortestMaskedSecret || !arguments.contains(where: { $0.contains(text) }) else {
                throw ValueError("a secret stands among the arguments, which every user of the machine can read")
            }
        }
        if let directory, !directory.hasPrefix("/") { throw ValueError("not an absolute path", path: ["directory"]) }
    }

    private static func check(_ name: String, _ value: String) throws(ValueError) {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "=") }) else {
            throw ValueError("the name of a variable is letters, figures and `_`", path: [name])
        }
        guard !value.utf8.contains(0) else { throw ValueError("the value holds a zero byte", path: [name]) }
        guard name != ProcessTable.workVariable else {
            throw ValueError("`\(name)` is set by the client itself", path: [name])
        }
    }

    /// The whole environment of the program.
    func variables(_ label: WorkLabel, own: (String) -> String?) -> [String: String] {
        var all = ["PATH": Self.standardPath]
        for name in Self.passedOn { if let value = own(name) { all[name] = value } }
        all.merge(environment) { _, given in given }
        all.merge(secrets.mapValues { $0.reveal() }) { _, given in given }
        all[ProcessTable.workVariable] = label.description
        return all
    }

    /// How a shell would write it, for people.
    public var line: String {
        arguments.map { argument in
            let plain =
                !argument.isEmpty && argument.utf8.allSatisfy { $0 > 32 && $0 < 127 && !Self.special.contains($0) }
            return plain ? argument : "'" + argument.replacing("'", with: "'\\''") + "'"
        }.joined(separator: " ")
    }

    private static let special = Set("'\"\\$`!*?[]{}()<>|&;#~".utf8)
}

/// How a program ended and what it wrote.
public struct ProgramResult: Sendable {
    public enum Ending: Hashable, Sendable {
        case exited(Int32)
        /// By a signal, such as 9 when the memory ran out.
        case signalled(Int32)
    }

    public let ending: Ending
    public let standardOutput: String
    public let standardError: String
    public let duration: Duration
}
