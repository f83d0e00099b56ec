using Microsoft.Extensions.Time.Testing;
using StingBackup.Engine.Operations;
using StingBackup.Engine.Operations.Daemon;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Operations.Daemon;

/// <summary>A real installation in a folder whose clock jumps from one due moment to the next, as soon as nothing works any more.</summary>
internal sealed class DaemonSite : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<WeakReference<Installation>> _opened = [];
    private readonly List<(DateTimeOffset Until, TaskCompletionSource Go)> _waiting = [];

    public DaemonSite(DateTimeOffset start, string zone, params string[] settings)
    {
        Clock = new FakeTimeProvider(start);
        Directory.CreateDirectory(Reserve);
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(Reserve, "users", "1")).FullName, "a.txt"), "one");
        var request = new InitializeRequest
        {
            BackupRoot = Path.Combine(Root, "backups"), Reserve = Reserve, ConfigurationFile = ConfigurationFile, KeyDirectory = Path.Combine(Root, "keys"), StateDirectory = Path.Combine(Root, "state"),
            CacheDirectory = Path.Combine(Root, "cache"), LogDirectory = Path.Combine(Root, "logs"), TimeZone = zone, WithPassphrase = false, Setting = new Dictionary<string, string> { ["keys.spares"] = "20" },
        };
        var plan = ReserveInitializer.PlanAsync(request, default).AsTask().GetAwaiter().GetResult();
        ReserveInitializer.RunAsync(plan, null, Clock, default).AsTask().GetAwaiter().GetResult();
        // A setting as "section: key: value" goes into its section, which stands there with all its defaults.
        foreach (var (section, line) in settings.Select(s => (s[..s.IndexOf(' ', StringComparison.Ordinal)], s[(s.IndexOf(' ', StringComparison.Ordinal) + 1)..])))
        {
            File.WriteAllText(ConfigurationFile, File.ReadAllText(ConfigurationFile).Replace($"\n{section}\n", $"\n{section}\n  {line}\n", StringComparison.Ordinal));
        }
    }

    public string Root => _folder.Path;
    public string Reserve => Path.Combine(Root, "reserve");
    public string ConfigurationFile => Path.Combine(Root, "sting-backup.yaml");
    public FakeTimeProvider Clock { get; }
    public StingConfiguration Configuration => new ConfigurationLoader(new HostView()).Load(ConfigurationFile);
    /// <summary>How many lanes wait when nothing works any more.</summary>
    public int Lanes { get; set; } = 3;
    /// <summary>Told of each moment before anything works at it.</summary>
    public Action<DateTimeOffset> At { get; set; } = _ => { };
    /// <summary>Installations that something still holds.</summary>
    public int StillOpen => _opened.Count(o => o.TryGetTarget(out _));
    public int Openings => _opened.Count;

    public async ValueTask<Installation> OpenAsync(CancellationToken cancel)
    {
        var installation = await Installation.OpenAsync(Configuration, new InstallationOptions { Clock = Clock }, cancel);
        lock (_opened)
        {
            _opened.Add(new WeakReference<Installation>(installation));
        }
        return installation;
    }

    /// <summary>Runs the daemon until its clock reaches a moment; gives what it did.</summary>
    public async Task<List<DaemonRun>> RunAsync(DateTimeOffset end)
    {
        using var stop = new CancellationTokenSource();
        var runs = new List<DaemonRun>();
        var host = new DaemonHost(OpenAsync, Clock) { WaitAsync = (until, cancel) => WaitAsync(until, end, stop, cancel), Ran = Keep };
        try
        {
            await foreach (var _ in BackupDaemon.RunAsync(Configuration, host, stop.Token))
            {
                // What it tells on its way is of no interest here.
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        return runs;

        void Keep(DaemonRun run)
        {
            lock (runs)
            {
                runs.Add(run);
            }
        }
    }

    /// <summary>Every whole restore point, by the moment of its cut.</summary>
    public async Task<IReadOnlyList<PointRecord>> PointsAsync()
    {
        await using var installation = await OpenAsync(default);
        return [.. (await RepositoryView.LoadPointsAsync(installation.Store, installation.Reserve, installation.Writers, default)).OrderBy(p => p.TimeNs)];
    }

    private Task WaitAsync(DateTimeOffset until, DateTimeOffset end, CancellationTokenSource stop, CancellationToken cancel)
    {
        lock (_waiting)
        {
            var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            cancel.Register(() => go.TrySetCanceled(cancel));
            _waiting.Add((until, go));
            if (_waiting.Count == Lanes)
            {
                var next = _waiting.Min(w => w.Until);
                if (next >= end)
                {
                    Clock.SetUtcNow(end);
                    _waiting.Clear();
                    _ = stop.CancelAsync();
                    return go.Task;
                }
                Clock.SetUtcNow(next);
                At(next);
                var ready = _waiting.Where(w => w.Until <= next).ToList();
                _waiting.RemoveAll(w => w.Until <= next);
                ready.ForEach(w => w.Go.TrySetResult());
            }
            return go.Task;
        }
    }

    public void Dispose() => _folder.Dispose();
}
