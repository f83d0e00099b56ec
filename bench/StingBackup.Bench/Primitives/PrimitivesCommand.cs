using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;

namespace StingBackup.Bench.Primitives;

/// <summary>
/// What a first backup of a tree cannot do without, and nothing else: read, cut, hash, compress, encrypt and write each byte once, on all cores. The engine's own primitives at the
/// engine's own sizes, none of its machinery: no index, no trees, no cache, no packs, no order, no restore point.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class PrimitivesCommand
{
    public static int Run(string tree, string output, int threads)
    {
        var watch = Stopwatch.StartNew();
        using var sum = new PrimitiveSum(output, threads);
        sum.Run(tree);
        var parts = sum.Parts;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{sum.Files} files, {sum.BytesRead / 1e6:F1} MB read, {sum.BytesNew / 1e6:F1} MB compressed, {sum.BytesWritten / 1e6:F1} MB written in {watch.Elapsed.TotalSeconds:F2} s on {threads} threads"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"seconds of all threads: read {parts.Read:F2}, cut {parts.Cut:F2}, hash {parts.Hash:F2}, compress {parts.Compress:F2}, encrypt {parts.Encrypt:F2}; write {sum.WriteSeconds:F2} beside them"));
        return 0;
    }
}
