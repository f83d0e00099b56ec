using System.Buffers;
using Microsoft.Extensions.Logging;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Jobs.Logging;

/// <summary>
/// The log of one run: a provider for Microsoft.Extensions.Logging that writes JSON lines into a file of its own, each line handed to the system at once. Safe to use from many threads.
/// A failing disk never stops a run: it shows in <see cref="Failure"/>.
/// </summary>
public sealed class RunLog : ILoggerProvider
{
    private const UnixFileMode FileMode0640 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode FolderMode0750 = FileMode0640 | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly LogSettings _settings;
    private readonly TimeProvider _clock;
    private readonly LogLine _line;
    private readonly LogLevel _least;
    private readonly string _command;
    private readonly List<string> _parts = [];
    private LogFileName _name;
    private FileStream? _file;
    private string? _backupId;

    private RunLog(LogSettings settings, string command, TimeProvider clock)
    {
        _settings = settings;
        _command = command;
        _clock = clock;
        _line = new LogLine(Secrets);
        _least = settings.Detail switch
        {
            LogDetail.Debug => LogLevel.Debug,
            LogDetail.Warning => LogLevel.Warning,
            LogDetail.Error => LogLevel.Error,
            _ => LogLevel.Information,
        };
    }

    /// <summary>The secrets of this run; what is known here never reaches the file.</summary>
    public SecretWatch Secrets { get; } = new();

    /// <summary>The file that is written now.</summary>
    public string File => _parts[^1];

    /// <summary>Why nothing more is written, or null.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Begins a log, and deletes old ones.</summary>
    /// <param name="settings">Where, how much, and how long.</param>
    /// <param name="command">The command, letters, digits and <c>-</c>.</param>
    /// <param name="clock">The clock.</param>
    /// <exception cref="StingException"><c>LogNotWritable</c></exception>
    public static RunLog Begin(LogSettings settings, string command, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(clock);
        if (string.IsNullOrEmpty(command) || command.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '-'))
        {
            throw new ArgumentException("A command is letters, digits and '-'.", nameof(command));
        }
        var log = new RunLog(settings, command, clock);
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(settings.Directory);
            }
            else
            {
                Directory.CreateDirectory(settings.Directory, FolderMode0750);
            }
            var now = clock.GetUtcNow();
            var undeleted = LogRotation.Apply(settings, now);
            log.OpenFirstPart(now);
            foreach (var problem in undeleted)
            {
                log.Write(LogLevel.Warning, typeof(RunLog).FullName!, $"An old log could not be deleted: {problem}", [], null);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Dispose();
            throw new StingException("LogNotWritable", e is UnauthorizedAccessException ? FailureKind.PermissionDenied : FailureKind.Io,
                $"No log can be written in {settings.Directory}: {e.Message}", settings.Directory, "Give this user the right to write there, or set log_directory to a folder that it may write.", e);
        }
        return log;
    }

    /// <summary>A factory that writes here alone. It does not dispose the log.</summary>
    public ILoggerFactory CreateFactory() => LoggerFactory.Create(builder => builder.SetMinimumLevel(_least).AddProvider(new Borrowed(this)));

    /// <summary>The run has its id: entries carry it from now on, and the file is named by it.</summary>
    public void SetBackupId(string backupId)
    {
        ArgumentNullException.ThrowIfNull(backupId);
        lock (_lock)
        {
            _backupId = backupId;
            _name = _name with { Label = backupId };
            for (var i = 0; i < _parts.Count; i++)
            {
                var target = Path.Join(_settings.Directory, (_name with { Part = i + 1 }).ToString());
                try
                {
                    System.IO.File.Move(_parts[i], target, overwrite: false);
                    _parts[i] = target;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // The reader finds the run by its lines as well.
                    Write(LogLevel.Warning, typeof(RunLog).FullName!, $"The log keeps its name {Path.GetFileName(_parts[i])}: {e.Message}", [], null);
                }
            }
        }
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    /// <summary>A session may begin many jobs in one second: the name takes the next second that is free. The lines tell the true time.</summary>
    private void OpenFirstPart(DateTimeOffset started)
    {
        for (; ; started = started.AddSeconds(1))
        {
            _name = new LogFileName(_command, started, Environment.ProcessId, 1);
            try
            {
                OpenPart();
                return;
            }
            catch (IOException) when (System.IO.File.Exists(Path.Join(_settings.Directory, _name.ToString())))
            {
            }
        }
    }

    private void OpenPart()
    {
        var part = _parts.Count + 1;
        // Deleting and renaming stay possible on Windows while the file is written.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FileMode0640;
        }
        var path = Path.Join(_settings.Directory, (_name with { Part = part }).ToString());
        var next = new FileStream(path, options);
        _file?.Dispose();
        _file = next;
        _parts.Add(path);
    }

    private void Write(LogLevel level, string category, string message, IReadOnlyList<KeyValuePair<string, object?>> properties, Exception? exception)
    {
        lock (_lock)
        {
            if (_file is null || Failure is not null)
            {
                return;
            }
            try
            {
                _buffer.ResetWrittenCount();
                _line.Write(_buffer, _clock.GetUtcNow(), level, _command, _backupId, category, message, properties, exception);
                if (_file.Position > 0 && _file.Position + _buffer.WrittenCount > _settings.MaxFileSize)
                {
                    OpenPart();
                }
                _file.Write(_buffer.WrittenSpan);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Failure = e;
            }
        }
    }

    private sealed class Logger(RunLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && logLevel >= log._least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Write(logLevel, category, formatter(state, exception), state as IReadOnlyList<KeyValuePair<string, object?>> ?? [], exception);
            }
        }
    }

    /// <summary>A factory disposes its providers; the run, which began the log, ends it.</summary>
    private sealed class Borrowed(RunLog log) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => log.CreateLogger(categoryName);

        public void Dispose()
        {
        }
    }
}
