public import Host

extension Zone {
    /// Where the system has its time zone database.
    public static let folder = "/usr/share/zoneinfo"

    /// Reads a zone of the system's time zone database. An unknown name is an error and never another zone.
    public static func load(_ name: String, host: Host) throws(ScheduleError) -> Zone {
        // Known without the database, which small images lack.
        if name == "UTC" { return .utc }
        guard isName(name) else { throw unknown(name, host) }
        let bytes: [UInt8]
        do {
            bytes = try host.readFile("\(folder)/\(name)", ScheduleLimits.zoneFile)
        } catch {
            throw unknown(name, host)
        }
        return try Zone(name: name, tzif: bytes)
    }

    /// Letters, figures, `_`, `+` and `-` in at most three parts: nothing that leads out of the folder.
    private static func isName(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return name.utf8.count <= ScheduleLimits.zoneName && parts.count <= 3
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"):
                            true
                        default: "_+-".utf8.contains(byte)
                        }
                    }
            }
    }

    private static func unknown(_ name: String, _ host: Host) -> ScheduleError {
        let shown = name.prefix(ScheduleLimits.zoneName)
        // `Z` lines name the zones and `L` lines their other names.
        guard let bytes = try? host.readFile("\(folder)/tzdata.zi", ScheduleLimits.zoneList) else {
            return ScheduleError(
                "unknown time zone `\(shown)`: \(folder) has no such file; names are like `Europe/Berlin`, and the "
                    + "package tzdata brings them")
        }
        let names = String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count >= 3, words[0] == "Z" || words[0] == "L" else { return nil }
            return String(words[0] == "Z" ? words[1] : words[2])
        }
        let wanted = shown.lowercased()
        let meant =
            names.first { $0.lowercased() == wanted }
            ?? names.first { $0.lowercased().hasSuffix("/" + wanted.map { $0 == " " ? "_" : $0 }) }
            ?? Spelling.closest(String(shown), among: names)
        return ScheduleError(
            "unknown time zone `\(shown)`"
                + (meant.map { ", did you mean `\($0)`?" } ?? "; names are like `Europe/Berlin` and `UTC`"))
    }
}
