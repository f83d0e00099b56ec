using System.Diagnostics;
using System.Globalization;
using StingBackup.Console.CommandLine;
using StingBackup.Console.Rendering;
using StingBackup.Engine.Reserve;

namespace StingBackup.Console.Quickstart;

/// <summary>
/// <c>sting-backup quickstart</c>: a reserve is backed up, changed, backed up again, verified and restored, by the same commands that a
/// person would type. Needs no server and no key; writes only into a new folder of its own.
/// </summary>
/// <param name="terminal">Where it prints.</param>
/// <param name="run">Runs a command line of one of the two programs.</param>
internal sealed class QuickstartCommand(Terminal terminal, Func<string, IReadOnlyList<string>, ExitCode> run)
{
    private const double SampleScale = 0.01;
    private const double TickFraction = 0.05;
    private readonly List<(string Step, TimeSpan Time)> _times = [];

    /// <summary>Runs it.</summary>
    /// <param name="words">What follows the command's name.</param>
    public ExitCode Run(IReadOnlyList<string> words)
    {
        switch (words)
        {
            case ["--help" or "-h"]:
                terminal.Write(Help);
                return ExitCode.Done;
            case ["--clean"]:
                return Clean();
            case []:
                return Show(null);
            case ["--reserve", var path]:
                return Show(path);
            case [var word] when word.StartsWith("--reserve=", StringComparison.Ordinal):
                return Show(word["--reserve=".Length..]);
            default:
                throw new UsageException($"'quickstart {string.Join(' ', words)}' is not understood. 'sting-backup quickstart --help' explains it.");
        }
    }

    private const string Help = """
        sting-backup quickstart [--reserve DIR] | --clean

        Backs up a sample Honey Reserve, changes it, backs it up again, verifies and restores it.
        Everything lies in a new folder, which it names at the start.

        Options:
          --reserve DIR  your own folder instead of the sample; it is only read
          --clean        remove the folders that earlier quickstarts left

        """;

    private ExitCode Show(string? reserve)
    {
        if (reserve is not null && !Directory.Exists(reserve))
        {
            throw new StingException("ReserveMissing", FailureKind.NotFound, $"There is no folder {reserve} to protect.", reserve, "Give a folder that exists, or none for the sample.");
        }
        var folder = QuickstartFolder.Create();
        terminal.WriteLine($"Everything of this quickstart lies in {folder.Path}");
        var source = reserve is null ? folder.Reserve : Path.GetFullPath(reserve);
        if (reserve is null)
        {
            var sample = Time("sample", () => SampleReserve.Generate(folder.Reserve, new SampleReserveOptions { Scale = SampleScale }));
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"A sample reserve: {sample.People} people, {sample.Jars} honey jars, {sample.Files} files"));
        }
        var code = RunSteps(folder, source, isSample: reserve is null);
        if (code != ExitCode.Done)
        {
            terminal.WriteLine($"\nThis ended early. What there is lies in {folder.Path}");
            return code;
        }
        Close(folder);
        return ExitCode.Done;
    }

    private ExitCode RunSteps(QuickstartFolder folder, string source, bool isSample)
    {
        string[] config = ["--config", folder.Configuration];
        var code = Step("init", VerbTable.Backup, ["init", "--backup-root", folder.Repository, "--reserve", source, "--no-passphrase", "--key-directory", folder.Below("keys"),
            "--state-directory", folder.Below("state"), "--cache-directory", folder.Below("cache"), "--log-directory", folder.Below("logs"), .. config]);
        code = code == ExitCode.Done ? Step("full backup", VerbTable.Backup, ["full", .. config]) : code;
        if (code == ExitCode.Done && isSample)
        {
            Time("change", () => SampleReserve.Change(folder.Reserve, 7, TickFraction));
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{TickFraction:P0} of the files were edited, added, renamed or deleted."));
        }
        code = code == ExitCode.Done ? Step("incremental backup", VerbTable.Backup, ["incremental", .. config]) : code;
        code = code == ExitCode.Done ? Step("verify", VerbTable.Backup, ["verify", "--level", "data", .. config]) : code;
        code = code == ExitCode.Done ? Step("restore", VerbTable.Restore, ["full", "--date", "latest", "--destination", folder.Restored, "--confirm", .. config]) : code;
        return code == ExitCode.Done ? Compare(folder, source) : code;
    }

    private ExitCode Compare(QuickstartFolder folder, string source)
    {
        var comparison = Time("compare", () => TreeComparison.Of(folder.Restored, source));
        if (comparison.Different.Count == 0)
        {
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{comparison.Files} restored files ({Display.Length(comparison.Length)}) were compared byte for byte with the reserve: all equal."));
            return ExitCode.Done;
        }
        terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{comparison.Different.Count} of {comparison.Files} restored files differ from the reserve:"));
        foreach (var path in comparison.Different.Take(10))
        {
            terminal.WriteLine($"  {path}");
        }
        terminal.WriteLine("A reserve that is written while this runs changes meanwhile; otherwise this is a defect.");
        return ExitCode.IntegrityFault;
    }

    private void Close(QuickstartFolder folder)
    {
        terminal.WriteLine("\nTimes: " + string.Join(" · ", _times.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Step} {t.Time.TotalSeconds:0.0} s"))));
        var program = Path.Combine(AppContext.BaseDirectory, VerbTable.Backup);
        terminal.WriteLine($"""

            Look around:
              {program} list --config {folder.Configuration}
              {program} find document.pdf --config {folder.Configuration}
              {Path.Combine(AppContext.BaseDirectory, VerbTable.Restore)} file --user=user@example.com --file=document.pdf --date=latest --destination {folder.Below("mine")} --config {folder.Configuration}
            '{program} quickstart --clean' removes it all.
            """);
    }

    private ExitCode Clean()
    {
        var folders = QuickstartFolder.All();
        foreach (var folder in folders)
        {
            folder.Remove();
            terminal.WriteLine($"Removed {folder.Path}");
        }
        if (folders.Count == 0)
        {
            terminal.WriteLine("No quickstart left anything to remove.");
        }
        return ExitCode.Done;
    }

    private ExitCode Step(string step, string program, IReadOnlyList<string> words)
    {
        terminal.WriteLine($"\n$ {program} {string.Join(' ', words)}");
        return Time(step, () => run(program, words));
    }

    private T Time<T>(string step, Func<T> action)
    {
        var watch = Stopwatch.StartNew();
        var result = action();
        _times.Add((step, watch.Elapsed));
        return result;
    }
}
