import Testing

/// These tests load the machine and measure how long an ending takes: together they would measure each other.
@Suite(.serialized)
enum OneAfterTheOther {}
