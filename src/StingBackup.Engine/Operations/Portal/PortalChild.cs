using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Operations.Portal;

/// <summary>The portal's process. Its standard input carries the passphrase, and by its end the order to end: it comes however this process ends.</summary>
internal sealed partial class PortalChild(PortalPlan plan, TimeProvider clock, JobOutput output) : IAsyncDisposable
{
    private const int KeptLines = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly ConcurrentQueue<string> _errors = new();
    private readonly TaskCompletionSource<string> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;
    private Task _reading = Task.CompletedTask;
    private string _address = "";
    private DateTimeOffset _started;

    /// <summary>How it went, up to now; null before it listened.</summary>
    public PortalRun? Run => _address.Length == 0 ? null : new PortalRun { Address = _address, StartedTime = _started, EndedTime = clock.GetUtcNow() };

    /// <summary>Starts it, and waits until it listens.</summary>
    public async Task StartAsync(SecretBytes? secret, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(plan.Program, ["--config", plan.ConfigurationFile]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // What this program runs in says where .NET is, and nothing of how a web server is to be set up.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase) || k.Equals("DOTNET_ENVIRONMENT", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }
        try
        {
            _process = ChildEnvironment.Begin(start);
        }
        catch (Win32Exception e)
        {
            throw NotStarted(e.Message, e);
        }
        _reading = Task.WhenAll(ReadAsync(_process.StandardOutput, Said), ReadAsync(_process.StandardError, Failed));
        try
        {
            if (secret is not null)
            {
                _process.StandardInput.BaseStream.Write(secret.Span);
            }
            _process.StandardInput.BaseStream.Write("\n"u8);
            await _process.StandardInput.BaseStream.FlushAsync(cancel).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It has ended already: what it said is told below.
        }
        var ended = _process.WaitForExitAsync(cancel);
        if (await Task.WhenAny(_listening.Task, ended).ConfigureAwait(false) == ended)
        {
            await ended.ConfigureAwait(false);
            await _reading.ConfigureAwait(false);
            if (!_listening.Task.IsCompleted)
            {
                throw Failure();
            }
        }
        (_address, _started) = (await _listening.Task.ConfigureAwait(false), clock.GetUtcNow());
        output.Tell($"The portal listens at {_address}{(plan.SeenAt == plan.Address ? "" : $"; browsers reach it at {plan.SeenAt}")}. Sign-in: {plan.SignIn}.");
    }

    /// <summary>Waits until it ends.</summary>
    public async Task<object> UntilEndAsync(CancellationToken cancel)
    {
        await _process!.WaitForExitAsync(cancel).ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        return _process.ExitCode == 0 ? Run! : throw new StingException("PortalEnded", FailureKind.Io,
            $"The portal ended by itself with {_process.ExitCode}{(_errors.IsEmpty ? "" : $": {string.Join(' ', _errors)}")}.", plan.Program, "Start it again; a service manager does so by itself (packaging/systemd/sting-backup-portal.service).");
    }

    private static async Task ReadAsync(StreamReader reader, Action<string> line)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } text)
        {
            if (text.Length > 0)
            {
                line(text);
            }
        }
    }

    private void Said(string line)
    {
        const string Listening = "listening ";
        if (line.StartsWith(Listening, StringComparison.Ordinal))
        {
            _listening.TrySetResult(line[Listening.Length..]);
        }
        else if (line.StartsWith("warn:", StringComparison.Ordinal) || line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal))
        {
            output.TryWarn(line);
        }
        else
        {
            output.TryExplain(line);
        }
    }

    private void Failed(string line)
    {
        _errors.Enqueue(line);
        while (_errors.Count > KeptLines)
        {
            _errors.TryDequeue(out _);
        }
    }

    /// <summary>What the program said as it ended, as the error that it is.</summary>
    private StingException Failure()
    {
        string[] lines = [.. _errors];
        for (var i = 0; i < lines.Length; i++)
        {
            if (ErrorLine().Match(lines[i]) is { Success: true } match && Enum.TryParse<FailureKind>(match.Groups[2].Value, out var kind))
            {
                return new StingException(match.Groups[1].Value, kind, match.Groups[3].Value, plan.Address, i + 1 < lines.Length ? lines[i + 1] : "Run it again with -Verbose.");
            }
        }
        return NotStarted(lines.Length > 0 ? string.Join(' ', lines) : $"it ended with {_process!.ExitCode}, and said nothing", null);
    }

    private StingException NotStarted(string why, Exception? cause) => new("PortalNotStarted", FailureKind.Io, $"The portal could not be started: {why}", plan.Program,
        "It needs the ASP.NET Core 10 runtime; where that lies elsewhere than usual, DOTNET_ROOT names it.", cause);

    /// <summary>Ends it: in order, and by force where that takes too long.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not { } process)
        {
            return;
        }
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }
        using (var patience = new CancellationTokenSource(Patience))
        {
            try
            {
                await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        await _reading.ConfigureAwait(false);
        process.Dispose();
    }

    [GeneratedRegex(@"^([A-Z][A-Za-z]+) \(([A-Za-z]+)\): (.*)$")]
    private static partial Regex ErrorLine();
}
