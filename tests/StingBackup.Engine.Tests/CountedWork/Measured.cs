using System.Globalization;
using StingBackup.Engine.Tests.Support;
using StingBackup.Fixtures.Ceph;

namespace StingBackup.Engine.Tests.CountedWork;

/// <summary>A count, and what it is made of.</summary>
internal sealed record Count(double Total, IReadOnlyDictionary<string, double> Parts)
{
    public static Count Of(double total) => new(total, new Dictionary<string, double>());
    public static Count Of(IReadOnlyDictionary<string, double> parts) => new(parts.Values.Sum(), parts);
}

/// <summary>Everything that was counted: once for all rows of the table.</summary>
internal sealed class Measured
{
    private readonly Dictionary<string, long> _told = new(StringComparer.Ordinal);
    private Dictionary<string, TracedRun>? _traced;

    public required IReadOnlyDictionary<string, SortedDictionary<string, double>> Store { get; init; }
    /// <summary>Null where no server is installed.</summary>
    public required IReadOnlyDictionary<string, SortedDictionary<string, double>>? Server { get; init; }

    public static async Task<Measured> TakeAsync()
    {
        var server = CephBinaries.Missing is null ? RequestCounts.OfServerAsync() : null;
        var measured = new Measured { Store = await RequestCounts.OfStoreAsync(), Server = server is null ? null : await server };
        using var folder = new TempFolder();
        string[] strace = new StraceFactAttribute().Skip is null ? ["strace", "-f", "-y", "--seccomp-bpf", "-b", "execve", "-o", folder["trace"], "-e", TracedRun.LeftOut] : [];
        foreach (var line in await ChildProgram.RunAsync(strace, "counted-work"))
        {
            var end = line.LastIndexOf(' ');
            measured._told[line[..end]] = long.Parse(line[end..], CultureInfo.InvariantCulture);
        }
        measured._traced = strace.Length == 0 ? null : TracedRun.Parse(File.ReadLines(folder["trace"]));
        return measured;
    }

    /// <summary>System calls by kind that each file more costs. Null without strace, as all that is of the trace.</summary>
    public Count? CallsPerFile(string run) => _traced is null ? null : Count.Of(Difference(run, "few", "many", FilesMore));

    /// <summary>System calls by kind that each folder more costs.</summary>
    public Count? CallsPerFolder(string run) => _traced is null ? null : Count.Of(Difference(run, "many", "folders", WorkScript.Small[2].Folders - WorkScript.Small[1].Folders));

    /// <summary>Bytes that system calls read and wrote, by each byte more of a long file.</summary>
    public Count? BytesPerByte(string run) => _traced is null ? null : Count.Of(new SortedDictionary<string, double>
    {
        ["read"] = (_traced[$"{run} longer"].Read - _traced[$"{run} long"].Read) / BytesMore,
        ["written"] = (_traced[$"{run} longer"].Written - _traced[$"{run} long"].Written) / BytesMore,
    });

    /// <summary>Bytes that each file more of the reserve lets a run write, wherever.</summary>
    public Count? WrittenPerFile(string run) => _traced is null ? null : Count.Of((_traced[$"{run} many"].Written - _traced[$"{run} few"].Written) / FilesMore);

    public Count AllocatedPerFile(string run) => Count.Of((_told[$"allocated {run} many"] - _told[$"allocated {run} few"]) / (double)FilesMore);

    public Count AllocatedPerChunk(string run) => Count.Of((_told[$"allocated {run} longer"] - _told[$"allocated {run} long"]) / (double)(_told["chunks longer"] - _told["chunks long"]));

    public Count Stored(string run) => Count.Of(_told[$"stored {run}"]);

    private static int FilesMore => WorkScript.Small[1].Files - WorkScript.Small[0].Files;
    private static double BytesMore => WorkScript.Long[1].Length - WorkScript.Long[0].Length;

    private SortedDictionary<string, double> Difference(string run, string small, string large, int more)
    {
        var (a, b) = (_traced![$"{run} {small}"].Calls, _traced[$"{run} {large}"].Calls);
        return new(a.Keys.Union(b.Keys).ToDictionary(kind => kind, kind => (b.GetValueOrDefault(kind) - a.GetValueOrDefault(kind)) / more), StringComparer.Ordinal);
    }
}
