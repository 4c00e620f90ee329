import Foundation

struct SourceFile {
    let path: String
    let text: String
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// The project as files.
enum SourceTree {
    struct Room {
        let folder: String
        var testFolder: String {
            folder.replacingOccurrences(of: "Clients/", with: "Client").replacingOccurrences(
                of: "Actions/", with: "Actions")
        }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    static func files(below folder: String) throws -> [SourceFile] {
        let base = root.appending(path: folder).path
        let names = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            SourceFile(path: "\(folder)/\(name)", text: try String(contentsOfFile: "\(base)/\(name)", encoding: .utf8))
        }
    }

    static func folders(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path).filter { name in
            var isFolder: ObjCBool = false
            let path = root.appending(path: "\(folder)/\(name)").path
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }.sorted()
    }

    static func sources() throws -> [SourceFile] { try files(below: "Sources") }

    static func all() throws -> [SourceFile] { try sources() + files(below: "Tests") }

    /// Folders with Swift sources, one a target; a C library's module map and the sandbox's entry have no tests.
    static func rooms() throws -> [Room] {
        var rooms = try folders("Sources").filter {
            !["Clients", "Actions", "CLibPQ", "CZlib", "CExpat", "millwright-sandbox"].contains($0)
        }
        for group in ["Clients", "Actions"] { rooms += try folders("Sources/\(group)").map { "\(group)/\($0)" } }
        // One suite covers both journals.
        return rooms.filter { $0 != "SQLiteJournal" }.map(Room.init)
    }
}
