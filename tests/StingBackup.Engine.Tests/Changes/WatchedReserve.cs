using System.Runtime.Versioning;
using StingBackup.Engine.Backup;
using StingBackup.Engine.Changes;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Repository;

namespace StingBackup.Engine.Tests.Changes;

/// <summary>A reserve, a watcher of it in a thread, and a look at what its runs make of it.</summary>
[SupportedOSPlatform("linux")]
internal sealed class WatchedReserve : IAsyncDisposable
{
    private CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    public TestInstallation Test { get; init; } = new() { Journal = new ChangeJournalOptions(TimeSpan.FromDays(365), "as it is") };
    public Func<IReadOnlyList<string>, string, IChangeReader>? Open { get; init; }
    public long MostBytes { get; init; } = 64 << 20;
    /// <summary>What the watcher said.</summary>
    public List<string> Said { get; } = [];
    /// <summary>What the last run said of its scan.</summary>
    public string Note { get; private set; } = "";
    public List<string> Warnings { get; } = [];
    public ChangePlaces Places => new(Path.Combine(Test.Root, "state"));

    /// <summary>Whether the last run scanned what the journal told, and nothing else.</summary>
    public bool WentByJournal => Note.StartsWith("The journal of changes tells", StringComparison.Ordinal);

    public static Func<IReadOnlyList<string>, string, IChangeReader> Method(string name) => name == "fanotify" ? (roots, asks) => new FanotifyReader(roots, asks) : (roots, asks) => new InotifyReader(roots, asks);

    /// <summary>Starts the watcher, and waits until it watches.</summary>
    public async Task WatchAsync()
    {
        _stop = new CancellationTokenSource();
        var watcher = new ChangeWatcher(Path.Combine(Test.Root, "state"), [.. Test.Installation.WatchedFolders.Select(f => f.Folder)], TimeProvider.System, Open) { MostBytes = MostBytes, Warn = text => { lock (Said) { Said.Add(text); } } };
        _watching = Task.Factory.StartNew(() => watcher.Run(_stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await UntilAsync(() => StateFile.Read<WatcherStatus>(Places.StatusFile)?.Generation is not null);
    }

    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    public static async Task UntilAsync(Func<bool> isSo)
    {
        for (var i = 0; !isSo(); i++)
        {
            Assert.True(i < 2000, "It did not come to pass in time.");
            await Task.Delay(5);
        }
    }

    /// <summary>Runs a backup, and keeps what it says.</summary>
    public async Task<BackupResult> BackupAsync(BackupType type = BackupType.Incremental, Installation? installation = null, List<StingException>? errors = null)
    {
        installation ??= Test.Installation;
        Test.Clock.Advance(TimeSpan.FromMinutes(1));
        Warnings.Clear();
        var plan = await BackupJob.PlanAsync(installation, type, null, due: false, default);
        BackupResult? result = null;
        await foreach (var told in BackupJob.RunAsync(installation, plan, default))
        {
            var text = told switch { WarningEvent w => w.Message, InformationEvent i => i.Message, VerboseEvent v => v.Message, _ => "" };
            if (text.StartsWith("Everything is scanned", StringComparison.Ordinal) || text.StartsWith("The journal of changes tells", StringComparison.Ordinal))
            {
                Note = text;
            }
            if (told is WarningEvent)
            {
                Warnings.Add(text);
            }
            else if (told is ItemFailedEvent failed)
            {
                (errors ?? throw failed.Error).Add(failed.Error);
            }
            else if (told is CompletedEvent completed)
            {
                result = (BackupResult)completed.Result!;
            }
        }
        return result!;
    }

    /// <summary>
    /// Backs up by the journal; then scans everything with a copy of the caches that this left, and fails unless that finds nothing to read and makes the same trees.
    /// </summary>
    public async Task<BackupResult> BackupAndProveAsync(string where)
    {
        var result = await BackupAsync();
        var note = Note;
        var mine = await RootsAsync();
        var copy = Path.Combine(Test.Root, "copy");
        if (Directory.Exists(copy))
        {
            Directory.Delete(copy, recursive: true);
        }
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Test.Root, "cache"), "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(Path.Combine(Test.Root, "cache"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        var full = await BackupAsync(installation: Test.Open(cache: "copy", journal: false));
        Note = note;
        Assert.True(full.ItemsRead == 0, $"{where}: a full scan read {full.ItemsRead} items more. {note}");
        Assert.Equal(mine, await RootsAsync());
        Assert.Equal((full.Items, full.Length), (result.Items, result.Length));
        return result;
    }

    /// <summary>The last point's trees: subject pages name their roots.</summary>
    public async Task<string> RootsAsync()
    {
        var view = await RepositoryView.LoadAsync(Test.Store, Test.Keys.Reserve, Test.Keys.Writers, default);
        return string.Join('\n', view.Backups.Last().Record.Classes.Where(c => c.Items > 0).Select(c => $"{c.Class} {string.Join(' ', c.SubjectPages)} {c.Items} {c.Length}"));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_watching.IsCompleted)
        {
            await EndAsync();
        }
        await Test.DisposeAsync();
    }
}
