import Foundation

/// Which target this process fuzzes, from `UPLOADBENCH_FUZZ_TARGET`.
private let target: FuzzTarget = {
    let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
    guard let name = ProcessInfo.processInfo.environment["UPLOADBENCH_FUZZ_TARGET"],
        let target = FuzzTarget(rawValue: name)
    else {
        FileHandle.standardError.write(
            Data("UPLOADBENCH_FUZZ_TARGET must be one of \(names)\n".utf8))
        exit(64)
    }
    return target
}()

/// What libFuzzer calls with each input; a broken rule ends the process, as a trap does.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        fatalError("\(target.rawValue): \(error)")
    }
    return 0
}

/// libFuzzer's program (its "Using libFuzzer as a library").
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ oneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The package manager gives an executable's `main` this name.
@_cdecl("uploadbench_fuzz_main")
public func fuzzMain(
    _ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    var count = count
    var words = words
    return runDriver(&count, &words, fuzzOneInput)
}
