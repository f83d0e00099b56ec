namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The settings of the capture of a server's write-ahead log.</summary>
public static class CaptureSettings
{
    /// <summary>Whether anything is captured.</summary>
    public static readonly Setting<bool> Enabled = new()
    {
        Key = "capture.enabled",
        Type = SettingTypes.Boolean,
        Default = false,
        Example = "true",
        Summary = "Whether the write-ahead log of postgresql.host is captured by Start-StingMetadataCapture (sting-backup capture), and stored by runs; full runs then take a base backup of the server too, which the log goes on from.",
    };

    /// <summary>Role.</summary>
    public static readonly Setting<string> Role = new()
    {
        Key = "capture.user",
        Type = SettingTypes.Name,
        Default = "sting_capture",
        Summary = "The role that receives the log and takes base backups. It is made when the capture starts and it is not there; its password is the one that postgresql.pass_file holds for it.",
    };

    /// <summary>Administrator.</summary>
    public static readonly Setting<string> AdminUser = new()
    {
        Key = "capture.admin_user",
        Type = SettingTypes.Name,
        Default = "postgres",
        Summary = "The superuser as whom the server is told what it must know: synchronous_standby_names, the slot, the role. The password is in postgresql.pass_file.",
    };

    /// <summary>Slot.</summary>
    public static readonly Setting<string?> Slot = new()
    {
        Key = "capture.slot",
        Type = SettingTypes.Text("a name of 1 to 63 lower-case letters, digits and '_'", text => text.Length is > 0 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'),
            "Write a name such as sting_capture."),
        Default = "sting_capture",
        Summary = "The replication slot by which the server keeps log for the capture, and the name by which synchronous_standby_names knows it.",
    };

    /// <summary>Spool.</summary>
    public static readonly Setting<string?> SpoolDirectory = new()
    {
        Key = "capture.spool_directory",
        Type = SettingTypes.Path,
        Example = "/mnt/second-disk/sting-wal",
        DefaultDescription = "wal in state_directory",
        Summary = "Where received log lies until runs have stored it: on a disk other than the database's. It holds the log since the newest base backup.",
    };

    /// <summary>Policy.</summary>
    public static readonly Setting<StallPolicy> WhenStalled = new()
    {
        Key = "capture.when_stalled",
        Type = SettingTypes.Choice("block or degrade", ("block", StallPolicy.Block), ("degrade", StallPolicy.Degrade)),
        Default = StallPolicy.Block,
        Summary = "What happens when the log is not received. 'block': commits wait, and nothing acknowledged is ever lost. 'degrade': after capture.stall_seconds commits go on without it, which is told, and wait again when it has caught up.",
    };

    /// <summary>Stall.</summary>
    public static readonly Setting<int> StallSeconds = new()
    {
        Key = "capture.stall_seconds",
        Type = SettingTypes.Integer(1, 3600),
        Default = 5,
        Summary = "Seconds without receiving after which the capture counts as stalled.",
    };

    /// <summary>Lag in time.</summary>
    public static readonly Setting<int> AlarmSeconds = new()
    {
        Key = "capture.alarm_lag_seconds",
        Type = SettingTypes.Integer(1, 86400),
        Default = 10,
        Summary = "Seconds that log may wait to be received before an alarm is raised.",
    };

    /// <summary>Lag in bytes.</summary>
    public static readonly Setting<long> AlarmLag = new()
    {
        Key = "capture.alarm_lag",
        Type = SettingTypes.Size(1 << 20, 1L << 40),
        Default = 64 << 20,
        Summary = "Bytes of log that may wait to be received before an alarm is raised.",
    };

    /// <summary>Room.</summary>
    public static readonly Setting<long> AlarmRoom = new()
    {
        Key = "capture.alarm_spool_room",
        Type = SettingTypes.Size(16 << 20, 1L << 44),
        Default = 1L << 30,
        Summary = "Free room on the spool's disk below which an alarm is raised: when it is full, commits wait.",
    };

    /// <summary>Log at the server.</summary>
    public static readonly Setting<long> AlarmServerLog = new()
    {
        Key = "capture.alarm_server_log",
        Type = SettingTypes.Size(16 << 20, 1L << 44),
        Default = 4L << 30,
        Summary = "Bytes of log that the server keeps for the capture, above which an alarm is raised: when the server's disk is full, the database stops.",
    };

    /// <summary>Rotation by size.</summary>
    public static readonly Setting<long> SegmentSize = new()
    {
        Key = "capture.segment_size",
        Type = SettingTypes.Size(1 << 20, 1L << 30),
        Default = 16 << 20,
        Summary = "A spool file of this length is closed, and the next run stores it.",
    };

    /// <summary>Rotation by age.</summary>
    public static readonly Setting<TimeSpan> SegmentAge = new()
    {
        Key = "capture.segment_age",
        Type = SettingTypes.Interval,
        Default = TimeSpan.FromMinutes(15),
        Summary = "So is one of this age that holds anything. A run closes the newest one by itself before it reads the spool.",
    };

    /// <summary>In the order of the file.</summary>
    public static IReadOnlyList<Setting> All { get; } =
        [Enabled, Role, AdminUser, Slot, SpoolDirectory, WhenStalled, StallSeconds, AlarmSeconds, AlarmLag, AlarmRoom, AlarmServerLog, SegmentSize, SegmentAge];

    /// <summary>The capture of checked values; null when there is none.</summary>
    internal static CaptureConfiguration? Bind(SettingValues values) => !values.Get(Enabled) || values.Get(SourceSettings.PostgresHost) is null ? null : new CaptureConfiguration
    {
        Role = values.Get(Role), AdminUser = values.Get(AdminUser), Slot = values.Get(Slot)!, WhenStalled = values.Get(WhenStalled),
        Spool = new WalSpoolOptions
        {
            Folder = values.Get(SpoolDirectory) ?? Path.Join(values.Get(Settings.StateDirectory), "wal"), RotateBytes = values.Get(SegmentSize), RotateAge = values.Get(SegmentAge),
        },
        Thresholds = new WalThresholds
        {
            LagBytes = (ulong)values.Get(AlarmLag), LagTime = TimeSpan.FromSeconds(values.Get(AlarmSeconds)), StallTime = TimeSpan.FromSeconds(values.Get(StallSeconds)),
            SpoolRoom = values.Get(AlarmRoom), Retained = (ulong)values.Get(AlarmServerLog),
        },
    };
}
