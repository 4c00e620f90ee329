import Foundation

/// Which room may import which; what is not ours is free, but for the libraries that have one place.
enum Layers {
    private static let pure = ["Host", "Maintenance", "Schedules", "Plans", "Journal"]
    private static let clients =
        ["ClientPostgreSQL", "ClientRedis", "ClientHTTP", "ClientTLS", "ClientPrograms"]
        + ["ClientKubernetes", "ClientObjectStore", "ClientPrometheus", "ClientSMTP"]
    private static let allowed: [String: [String]] = [
        "Host": [],
        "Maintenance": ["Host"],
        "Schedules": ["Host"],
        "Plans": ["Host", "Maintenance", "Schedules"],
        "Journal": ["Host", "Maintenance"],
        "Evidence": ["Host", "Maintenance", "Journal"],
        "Engine": pure,
        "Dispatching": ["Host", "Schedules"],
        "Serving": pure + ["Engine", "Dispatching"],
        "SQLiteJournal": ["Host", "Maintenance", "Journal"],
        "PostgreSQLJournal": ["Host", "Maintenance", "Journal", "ClientPostgreSQL"],
        "Clients": ["Host", "Maintenance", "CLibPQ", "CExpat", "ClientHTTP", "ClientPrograms"],
        "Actions": ["Host", "Maintenance", "CZlib"] + clients,
        "Notices": ["Host", "Maintenance", "ClientHTTP", "ClientSMTP"],
        "Reports": pure + ["Engine"],
        "Reference": pure + ["Engine"],
        "Proposals": ["Host", "Maintenance"],
        "Sandbox": ["Host", "CZlib"],
    ]
    private static let ours = Set(
        pure + clients + [
            "Engine", "Dispatching", "Serving", "SQLiteJournal", "PostgreSQLJournal", "Reports", "Reference", "Sandbox",
            "Notices",
            "Proposals", "Evidence",
        ]
            + ["CLibPQ", "CZlib", "CExpat"]
            + ["ActionsPostgreSQL", "ActionsRedis", "ActionsHTTP", "ActionsCertificates", "ActionsHosts"]
            + ["ActionsKubernetes", "ActionsBackups", "ActionsLogs", "ActionsSecurity", "ActionsModels"]
            + ["ActionsExternal"])
    /// Libraries that only some rooms may see.
    private static let onePlace = [
        "Yams": ["Plans", "Clients"], "GRDB": ["SQLiteJournal"], "CLibPQ": ["Clients"], "CExpat": ["Clients"],
        "Subprocess": ["Clients"], "X509": ["Clients"], "AsyncHTTPClient": ["Clients"],
    ]

    static func violations(_ file: SourceFile) -> [String] {
        let room = file.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        return file.lines.enumerated().compactMap { index, line in
            guard let match = line.firstMatch(of: /^\s*(?:public |internal |@preconcurrency )*import (?:\w+ )?(\w+)/)
            else {
                return nil
            }
            let module = String(match.1)
            if let places = onePlace[module], !places.contains(room), room != "Sandbox" {
                return
                    "\(file.path):\(index + 1): imports \(module), which only \(places.joined(separator: " and ")) may"
            }
            guard ours.contains(module), let allowed = allowed[room], !allowed.contains(module) else { return nil }
            return "\(file.path):\(index + 1): \(room) may not import \(module); see the layers in ARCHITECTURE.md"
        }
    }
}

/// Calls that have one place, and what to use elsewhere.
enum BannedWords {
    private struct Ban {
        let pattern: Regex<Substring>
        let instead: String
        var except: [String] = []
    }

    nonisolated(unsafe) private static let bans: [Ban] = [
        Ban(pattern: /\bDate\(\)/, instead: "host.now()"),
        Ban(
            pattern: /(?:ContinuousClock|SuspendingClock|DispatchTime|Date)(?:\(\))?\.now\b/,
            instead: "host.now() or host.steady()"),
        Ban(pattern: /Task\.sleep/, instead: "host.sleep", except: ["Sources/Host/SystemHost.swift"]),
        Ban(pattern: /\bUUID\(\)/, instead: "host.random()"),
        Ban(pattern: /\b[A-Z]\w*\.random\(/, instead: "host.random()", except: ["Sources/Host/SystemHost.swift"]),
        Ban(pattern: /\bprint\(/, instead: "Output"),
        Ban(pattern: /\bTask(?:\.detached)? \{/, instead: "a task group"),
        Ban(pattern: /\btry!/, instead: "try, and an error that helps"),
        Ban(pattern: /\b(?:FIXME|TODO)\b/, instead: "the work itself"),
        Ban(
            pattern: /(?:class|struct|enum|protocol) \w*(?:Utils|Helper|Helpers|Manager)\b/,
            instead: "a name that says what it is"),
    ]

    static func violations(_ file: SourceFile) -> [String] {
        // The sandbox plays the outside world, with its own clock and dice.
        let isSandbox = file.path.hasPrefix("Sources/Sandbox/") || file.path.hasPrefix("Sources/millwright-sandbox/")
        var found: [String] = []
        var previous = Substring()
        for (index, line) in file.lines.enumerated() {
            let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
            for ban in bans where !isSandbox && !ban.except.contains(file.path) && code.contains(ban.pattern) {
                found.append(
                    "\(file.path):\(index + 1): `\(code.firstMatch(of: ban.pattern)?.0 ?? "")`: use \(ban.instead)")
            }
            if code.contains("@unchecked Sendable"), !previous.contains("// Safe because") {
                found.append("\(file.path):\(index + 1): @unchecked Sendable without a line `// Safe because …` above")
            }
            previous = line
        }
        return found
    }
}

/// Files below 400 lines, functions below 60.
enum Sizes {
    static func violations(_ file: SourceFile) -> [String] {
        var found: [String] = []
        let lines = file.lines
        if lines.count > 400 { found.append("\(file.path): \(lines.count) lines; split it by its ideas (400 at most)") }
        for function in functions(lines) where function.length > 60 {
            found.append("\(file.path):\(function.line): a function of \(function.length) lines; a screen holds 60")
        }
        return found
    }

    /// By indentation: a function ends at the first `}` in its own column.
    static func functions(_ lines: [Substring]) -> [(line: Int, length: Int)] {
        var found: [(line: Int, length: Int)] = []
        var open: (line: Int, indent: Int)?
        for (index, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            if let begun = open {
                if indent == begun.indent, line.dropFirst(indent).hasPrefix("}") {
                    found.append((begun.line + 1, index - begun.line + 1))
                    open = nil
                }
            } else if line.contains(/\b(?:func|init|subscript)\b.*/), !line.contains("}"),
                line.dropFirst(indent).prefixMatch(
                    of:
                        /(?:@\w+(?:\([^)]*\))? )*(?:(?:public|internal|private|fileprivate|static|mutating|convenience|override|nonisolated|package|required) )*(?:func|init)\b/
                ) != nil
            {
                open = (index, indent)
            }
        }
        return found
    }
}
