using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql.Wal;

/// <summary>The capture of one configuration: as whom it talks to the server, and where it keeps what it must remember.</summary>
internal sealed record CapturePlaces
{
    private CapturePlaces(CaptureConfiguration capture, PostgresSettings server, string folder, string scratch)
    {
        Capture = capture;
        Receiver = server with { User = capture.Role };
        Admin = server with { User = capture.AdminUser };
        Folder = folder;
        Scratch = scratch;
    }

    public CaptureConfiguration Capture { get; }

    /// <summary>As the role that receives and takes base backups.</summary>
    public PostgresSettings Receiver { get; }

    /// <summary>As the superuser.</summary>
    public PostgresSettings Admin { get; }

    /// <summary>What the capture must remember.</summary>
    public string Folder { get; }

    /// <summary>Where a base backup is put while a run reads it.</summary>
    public string Scratch { get; }

    /// <summary>What the server was told, and how it is taken back.</summary>
    public string AppliedFile => Path.Join(Folder, "applied.json");

    /// <summary>What the capture last said of itself.</summary>
    public string HeartbeatFile => Path.Join(Folder, "status.json");

    /// <summary>A file of this name asks the capture to end.</summary>
    public string StopRequest => Path.Join(Folder, "stop");

    /// <summary>How far runs have stored the log.</summary>
    public string SealedFile => Path.Join(Folder, "sealed.json");

    public string PolicyName => Capture.WhenStalled.ToString().ToLowerInvariant();

    /// <summary>The capture of a configuration.</summary>
    /// <exception cref="StingException"><c>CaptureNotConfigured</c></exception>
    public static CapturePlaces Of(StingConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return TryOf(configuration) ?? throw new StingException("CaptureNotConfigured", FailureKind.InvalidConfiguration, $"'{configuration.File}' configures no capture of a database server.", configuration.File,
            "Set postgresql.host and capture.enabled: true; docs/operations.md shows the whole section.");
    }

    /// <summary>The capture of a configuration, or null.</summary>
    public static CapturePlaces? TryOf(StingConfiguration configuration) =>
        configuration is { Capture: { } capture, PostgreSql: { } server } ? new CapturePlaces(capture, server, Path.Join(configuration.StateDirectory, "capture"), configuration.CacheDirectory) : null;
}
