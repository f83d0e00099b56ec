using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using StingBackup.Console.Hosting;
using StingBackup.Console.Rendering;
using StingBackup.Engine.Reserve;

namespace StingBackup.Console.Quickstart;

/// <summary>The quickstart: every step through the module's own commands, told with what it did and how long it took.</summary>
/// <param name="terminal">Where it tells.</param>
/// <param name="errors">Prints what fails.</param>
/// <param name="run">Runs the module's commands; stopped by Ctrl+C.</param>
/// <param name="cancel">Stops the steps that are not the module's.</param>
internal sealed class QuickstartRun(Terminal terminal, ErrorPrinter errors, CommandRun run, CancellationToken cancel)
{
    private const int TitleWidth = 38;
    private readonly Stopwatch _total = Stopwatch.StartNew();
    private ExitCode _code = ExitCode.Done;

    /// <summary>Runs it.</summary>
    public ExitCode Run(QuickstartOptions options)
    {
        var folder = QuickstartFolder.Make(options.Into);
        terminal.WriteLine($"Everything is written below {folder.Path}, and nowhere else.\n");
        try
        {
            return Walk(options, folder);
        }
        catch (StepFailedException)
        {
            terminal.WriteLine($"\nWhat was made is in {folder.Path}. To remove it: {QuickstartGuide.CleanUp(folder.Path)}");
            return _code;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Failed;
        }
    }

    private ExitCode Walk(QuickstartOptions options, QuickstartFolder folder)
    {
        var configuration = folder["sting-backup.yaml"];
        var reserve = options.Reserve ?? folder["reserve"];
        var restored = folder["restored"];
        if (options.Reserve is null)
        {
            Step("Invent a small reserve", () =>
            {
                var report = SampleReserve.Generate(reserve, new SampleReserveOptions(), cancel);
                return $"{report.People} people, {report.Jars} honey jars, {Count(report.Files, "file")}, {Display.Length(report.Length)}";
            });
        }
        Step("Make a repository and its keys", () =>
        {
            var made = Call<InitializeResult>("Initialize-StingRepository", configuration, ("BackupRoot", folder["backups"]), ("Reserve", reserve), ("NoPassphrase", true),
                ("KeyDirectory", folder["keys"]), ("StateDirectory", folder["state"]), ("CacheDirectory", folder["cache"]), ("LogDirectory", folder["logs"]));
            return $"keys for {Count(made.Spares, "subject")}, made ahead";
        });
        var first = Step("Back up everything", () => Call<BackupResult>("Invoke-StingBackup", configuration, ("Type", BackupType.Full)), Tell);
        if (options.Reserve is null)
        {
            Step("Let fifteen minutes of work pass", () =>
            {
                var change = SampleReserve.Change(reserve, seed: 1, cancel: cancel);
                return $"{Count(change.Items.Count, "file")} changed, added or gone";
            });
        }
        var second = Step("Back up what has changed", () => Call<BackupResult>("Invoke-StingBackup", configuration), Tell);
        Step("Verify, every byte decrypted", () => Call<IntegrityResult>("Test-StingBackupIntegrity", configuration, ("Level", IntegrityLevel.Data)), r =>
            $"{(r.Passed ? "sound" : $"{r.Faults.Count} faults")}: {Count(r.Points, "run")}, {Count(r.Packs, "pack")}, {Count(r.Chunks, "chunk")}");
        Step("Restore everything to a new folder", () => Call<RestoreResult>("Restore-StingReserve", configuration, ("BackupId", second.BackupId!), ("Destination", restored), ("Force", true)), r =>
            $"{Count(r.ItemsRestored, "item")}, {Display.Length(r.BytesRestored)}");
        Step("Compare it with the reserve", () =>
        {
            var compared = TreeComparison.Of(restored, reserve);
            if (compared.Different.Count == 0)
            {
                return $"{Count(compared.Files, "file")}, {Display.Length(compared.Length)} of data, every byte alike";
            }
            // Somebody may have worked in a reserve of one's own meanwhile; in the sample nobody has.
            _code = ExitCodes.Worse(_code, options.Reserve is null ? ExitCode.IntegrityFault : ExitCode.CompletedWithErrors);
            return $"{Count(compared.Different.Count, "file")} differ{(options.Reserve is null ? "" : " or changed meanwhile")}: {string.Join(", ", compared.Different.Take(3))}";
        });
        terminal.WriteLine($"\nDone in {Display.Duration(_total.Elapsed)}.\n");
        terminal.WriteLine(QuickstartGuide.Of(folder.Path, configuration, first.BackupId!, second.BackupId!, options.Reserve is null));
        return _code;
    }

    private static string Tell(BackupResult result) =>
        $"{result.BackupId}: {Count(result.ItemsRead, "file")} read, {Display.Length(result.BytesNew)} new, {Display.Length(result.BytesStored)} stored";

    private static string Count(long number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number:N0} {noun}{(number == 1 ? "" : "s")}");

    private void Step(string title, Func<string> act) => Step(title, act, static text => text);

    private T Step<T>(string title, Func<T> act, Func<T, string> tell)
    {
        terminal.ShowPane($"{title} …");
        var time = Stopwatch.StartNew();
        T result;
        try
        {
            result = act();
        }
        catch (StingException e)
        {
            errors.Print(e);
            _code = ExitCodes.Worse(_code, ExitCodes.Of(e));
            throw new StepFailedException();
        }
        terminal.WriteLine($"{TextLayout.Fit(title, TitleWidth)} {TextLayout.Fit(Display.Duration(time.Elapsed), 7, right: true)}  {tell(result)}");
        return result;
    }

    private T Call<T>(string cmdlet, string configuration, params (string Name, object Value)[] parameters)
        where T : class
    {
        cancel.ThrowIfCancellationRequested();
        T? result = null;
        var all = parameters.Append(("ConfigPath", configuration)).Append(("WarningAction", ActionPreference.SilentlyContinue))
            .Select(p => KeyValuePair.Create(p.Item1, p.Item2 is true ? SwitchParameter.Present : p.Item2));
        var code = run.Invoke(cmdlet, all, item => result = item.BaseObject as T ?? result);
        _code = ExitCodes.Worse(_code, code);
        return result ?? throw new StepFailedException();
    }

    /// <summary>A step ended without a result; what went wrong was printed.</summary>
    private sealed class StepFailedException : Exception;
}
