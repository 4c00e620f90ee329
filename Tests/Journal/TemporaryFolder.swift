import Foundation
import Host
import Journal
import SQLiteJournal

/// A folder that lives as long as the work in it.
func withFolder<Value>(_ work: (String) async throws -> Value) async throws -> Value {
    let path = NSTemporaryDirectory() + "/journal-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await work(path)
}

/// A journal that is open as long as the work on it.
func withWriter<Value>(_ path: String, _ work: (SQLiteJournal) async throws -> Value) async throws -> Value {
    let journal = try await SQLiteJournal.writer(at: path, host: .system)
    return try await doing {
        try await work(journal)
    } finally: {
        await journal.close()
    }
}

func withReader<Value>(_ path: String, _ work: (SQLiteJournal) async throws -> Value) async throws -> Value {
    let journal = try await SQLiteJournal.reader(at: path)
    return try await doing {
        try await work(journal)
    } finally: {
        await journal.close()
    }
}

func contents(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}
