using System.Globalization;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>The kinds of values that settings have.</summary>
internal static class SettingTypes
{
    private const long Kilo = 1000, Kibi = 1024;

    private static readonly (string Suffix, long Factor)[] SizeUnits =
    [
        ("KiB", Kibi), ("MiB", Kibi * Kibi), ("GiB", Kibi * Kibi * Kibi), ("TiB", Kibi * Kibi * Kibi * Kibi),
        ("KB", Kilo), ("MB", Kilo * Kilo), ("GB", Kilo * Kilo * Kilo), ("TB", Kilo * Kilo * Kilo * Kilo),
        ("K", Kilo), ("M", Kilo * Kilo), ("G", Kilo * Kilo * Kilo), ("T", Kilo * Kilo * Kilo * Kilo), ("B", 1),
    ];

    private static readonly (string Suffix, long Factor)[] IntervalUnits = [("m", 60), ("h", 3600), ("d", 86400)];

    private static readonly (string Suffix, long Factor)[] BandwidthUnits =
    [
        ("KB/s", 8 * Kilo), ("MB/s", 8 * Kilo * Kilo), ("GB/s", 8 * Kilo * Kilo * Kilo),
        ("kbps", Kilo), ("mbps", Kilo * Kilo), ("gbps", Kilo * Kilo * Kilo),
        ("kbit/s", Kilo), ("mbit/s", Kilo * Kilo), ("gbit/s", Kilo * Kilo * Kilo),
        ("K", Kilo), ("M", Kilo * Kilo), ("G", Kilo * Kilo * Kilo),
    ];

    public static ScalarType<int> Integer(int least, int most, string? why = null) => new(
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"),
        (text, _) => !int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? Bad<int>($"'{text}' is not a whole number", RangeOf(least, most))
            : number < least || number > most ? Bad<int>(string.Create(CultureInfo.InvariantCulture, $"{number} is out of range{(why is null ? "" : $": {why}")}"), RangeOf(least, most))
            : number,
        number => number.ToString(CultureInfo.InvariantCulture),
        number => (long)number);

    /// <summary>Dollars: decimal, since prices are far below a cent and must add up.</summary>
    public static ScalarType<decimal> Price { get; } = new(
        "a price in dollars, such as 0.023",
        (text, _) => decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var price) && price <= 1_000_000 ? price : Bad<decimal>($"'{text}' is not a price", "Write dollars with a point: 0.023."),
        price => price.ToString(CultureInfo.InvariantCulture),
        price => price);

    public static ScalarType<bool> Boolean { get; } = new(
        "true or false",
        (text, _) => text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" => true,
            "false" or "no" or "off" => false,
            _ => Bad<bool>($"'{text}' is neither true nor false", "Write true or false."),
        },
        value => value ? "true" : "false",
        value => value);

    /// <summary>A path; made absolute against the file's folder, <c>~/</c> against the user's home.</summary>
    public static ScalarType<string?> Path { get; } = new(
        "a path",
        (text, context) =>
        {
            if (string.IsNullOrWhiteSpace(text) || text.Contains('\0', StringComparison.Ordinal))
            {
                return Bad<string?>("the path is empty", "Write a path, or remove the line for the default.");
            }
            var path = text is "~" || text.StartsWith("~/", StringComparison.Ordinal) ? System.IO.Path.Join(context.Host.HomeDirectory, text[1..]) : text;
            var full = System.IO.Path.GetFullPath(path, context.BaseDirectory);
            return System.IO.Path.TrimEndingDirectorySeparator(full);
        },
        path => path!);

    public static ScalarType<string?> Text(string description, Func<string, bool> isValid, string remedy) => new(
        description, (text, _) => isValid(text) ? text : Bad<string?>($"'{text}' is not {description}", remedy), text => text!);

    /// <summary>Some text without line breaks.</summary>
    public static ScalarType<string> Name { get; } = new("a name", (text, _) => IsName(text) ? text : Bad<string>("the name is empty or has line breaks", "Write a name, or remove the line."), text => text);

    /// <summary>The same, where nothing holds without it.</summary>
    public static ScalarType<string?> OptionalName { get; } = new("a name", (text, _) => IsName(text) ? text : Bad<string?>("the name is empty or has line breaks", "Write a name, or remove the line."), text => text!);

    private static bool IsName(string text) => text.Trim().Length > 0 && !text.Any(char.IsControl);

    /// <summary>One of a few words, letter case aside; each word stands for a value.</summary>
    public static ScalarType<T> Choice<T>(string description, params (string Word, T Value)[] words) => new(
        description,
        (text, _) =>
        {
            foreach (var (word, value) in words)
            {
                if (word.Equals(text, StringComparison.OrdinalIgnoreCase))
                {
                    return value;
                }
            }
            var known = words.Select(w => w.Word).ToArray();
            return Bad<T>($"'{text}' is not one of {string.Join(", ", known)}", $"{NearestNames.Question(text, known)} Write one of {string.Join(", ", known)}.".TrimStart());
        },
        value => words.First(w => EqualityComparer<T>.Default.Equals(w.Value, value)).Word);

    /// <summary>How often something is done; zero stands for every time.</summary>
    public static ScalarType<TimeSpan> Interval { get; } = new(
        "how often, such as 15m, 1h or 1d; always for every run",
        (text, _) => text.Equals("always", StringComparison.OrdinalIgnoreCase) ? TimeSpan.Zero
            : ParseAmount(text, IntervalUnits) is { } seconds and >= 60 and <= 366 * 86400L ? TimeSpan.FromSeconds(seconds)
            : Bad<TimeSpan>($"'{text}' is no interval from 1m to 366d", "Write a number and a unit, m for minutes, h for hours or d for days: 15m; or always."),
        interval => interval == TimeSpan.Zero ? "always" : WriteAmount((long)interval.TotalSeconds, IntervalUnits));

    /// <summary>How old something may be; zero stands for any age.</summary>
    public static ScalarType<TimeSpan> Age { get; } = new(
        "an age, such as 48h or 7d; any for no limit",
        (text, _) => text.Equals("any", StringComparison.OrdinalIgnoreCase) ? TimeSpan.Zero
            : ParseAmount(text, IntervalUnits) is { } seconds and >= 3600 and <= 36500 * 86400L ? TimeSpan.FromSeconds(seconds)
            : Bad<TimeSpan>($"'{text}' is no age from 1h to 36500d", "Write a number and a unit, h for hours or d for days: 48h; or any."),
        age => age == TimeSpan.Zero ? "any" : WriteAmount((long)age.TotalSeconds, IntervalUnits));

    /// <summary>A number of bytes with its unit.</summary>
    public static ScalarType<long> Size(long least, long most) => new(
        $"a size from {WriteAmount(least, SizeUnits)} to {WriteAmount(most, SizeUnits)}, such as 400M (M = 1,000,000 bytes, MiB = 1,048,576)",
        (text, _) => ParseAmount(text, SizeUnits) is not { } bytes ? Bad<long>($"'{text}' is not a size with a unit", "Write a number and a unit: 400M, 1.5GB, 512MiB.")
            : bytes < least || bytes > most ? Bad<long>($"{text} is out of range", $"Write a size from {WriteAmount(least, SizeUnits)} to {WriteAmount(most, SizeUnits)}.")
            : bytes,
        bytes => WriteAmount(bytes, SizeUnits));

    /// <summary>Bits a second with their unit, or <c>none</c>.</summary>
    public static ScalarType<Bandwidth> BandwidthLimit { get; } = new(
        "bits a second, such as 100M (100 Mbit/s), or bytes a second as 12.5MB/s; or none",
        (text, _) => text.Equals("none", StringComparison.OrdinalIgnoreCase) ? Bandwidth.Unlimited
            : ParseAmount(text, BandwidthUnits) is { } bits and >= 8 ? new Bandwidth(bits)
            : Bad<Bandwidth>($"'{text}' is not a bandwidth", "Write 100M or 100Mbit/s for megabits, 12.5MB/s for megabytes, or none."),
        limit => limit.BitsPerSecond is { } bits ? WriteAmount(bits, [("G", Kilo * Kilo * Kilo), ("M", Kilo * Kilo), ("K", Kilo)]) : "none");

    /// <summary>A zone's name; <c>local</c> is the host's own, looked up when it is used.</summary>
    public static ScalarType<string> TimeZone { get; } = new(
        "local, or the name of a time zone such as Europe/Berlin",
        (text, _) => text.Equals("local", StringComparison.OrdinalIgnoreCase) ? "local"
            : TimeZoneInfo.TryFindSystemTimeZoneById(text, out var zone) ? zone.Id
            : Bad<string>($"no time zone '{text}' is known on this host",
                $"{NearestNames.Question(text, TimeZoneInfo.GetSystemTimeZones().Select(z => z.Id))} Write a name such as Europe/Berlin or UTC, or local.".TrimStart()),
        zone => zone);

    public static ScalarType<string?> Hex(int bytes, string what) => new(
        $"{what}, {2 * bytes} hexadecimal digits",
        (text, _) => text.Length == 2 * bytes && text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant()
            : Bad<string?>($"'{text}' is not {what} of {2 * bytes} hexadecimal digits", "Copy it from what 'init' printed, or from Get-StingBackupStatus on a host that is set up."),
        text => text!);

    /// <summary>Where a tier lies: a URL of one of these schemes, without credentials.</summary>
    public static ScalarType<string?> Location(params string[] schemes) => new(
        $"a URL ({string.Join(" or ", schemes.Select(s => s + "://…"))}), without credentials",
        (text, _) => !Uri.TryCreate(text, UriKind.Absolute, out var url) || !schemes.Contains(url.Scheme) || url.Host.Length == 0
                ? Bad<string?>($"'{Redaction.Url(text)}' is not a place for this tier", $"Write {string.Join(" or ", schemes.Select(s => s + "://bucket"))}.")
            : url.UserInfo.Length > 0 || url.Query.Length > 0
                ? Bad<string?>($"'{Redaction.Url(text)}' holds credentials or parameters", "Remove them; credentials never stand in this file.")
            : text.TrimEnd('/'),
        text => text!);

    /// <summary>An address of HTTP, without credentials, parameters or a slash at its end.</summary>
    public static ScalarType<string?> OptionalWebAddress { get; } = new(WebDescription, (text, _) => WebProblem(text) is { } problem ? Bad<string?>(problem, WebRemedy) : text.TrimEnd('/'), text => text!);

    /// <summary>The same, where there always is one.</summary>
    public static ScalarType<string> WebAddress { get; } = new(WebDescription, (text, _) => WebProblem(text) is { } problem ? Bad<string>(problem, WebRemedy) : text.TrimEnd('/'), text => text);

    private const string WebDescription = "an address (https://… or http://…), without credentials", WebRemedy = "Write https://host:port.";

    private static string? WebProblem(string text) => !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0 ? $"'{Redaction.Url(text)}' is no address of HTTP"
        : url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0 ? $"'{Redaction.Url(text)}' holds credentials or parameters" : null;

    /// <summary>A bucket and what keys in it start with.</summary>
    public static ScalarType<string?> Bucket(params string[] schemes)
    {
        var location = Location(schemes);
        return new(location.Description, (text, context) => location.Parse(text, context) is var parsed && parsed.IsValid && Storage.S3.S3Address.ProblemOf(text) is { } problem
            ? Bad<string?>($"'{text}' names no bucket: {problem}", $"Write {string.Join(" or ", schemes.Select(s => s + "://bucket/prefix"))}.") : parsed, text => text!);
    }

    /// <summary>A folder of this host, or a bucket.</summary>
    public static ScalarType<string?> PathOrBucket(params string[] schemes) => new(
        $"a path, or a bucket as {string.Join(" or ", schemes.Select(s => s + "://bucket/prefix"))}",
        (text, context) => (text.Contains("://", StringComparison.Ordinal) ? Bucket(schemes) : Path).Parse(text, context),
        path => path!);

    public static ScalarType<string> Glob { get; } = new(
        "a glob",
        (text, _) => GlobPattern.Parse(text, out var problem) is null ? Bad<string>($"the glob '{text}' is not well formed: {problem}", "See 'Globs' in docs/configuration.md; put a glob in quotes.") : text,
        text => text);

    public static Parsed<T> Bad<T>(string problem, string remedy) => new(false, default!, problem, remedy);

    private static string RangeOf(int least, int most) => string.Create(CultureInfo.InvariantCulture, $"Write a whole number from {least} to {most}.");

    private static long? ParseAmount(string text, (string Suffix, long Factor)[] units)
    {
        foreach (var (suffix, factor) in units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && decimal.TryParse(text.AsSpan(0, text.Length - suffix.Length).TrimEnd(' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number <= long.MaxValue / factor)
            {
                return (long)(number * factor);
            }
        }
        return null;
    }

    private static string WriteAmount(long amount, (string Suffix, long Factor)[] units)
    {
        var (suffix, factor) = units.Where(u => amount % u.Factor == 0).MaxBy(u => (amount / u.Factor is >= 1 ? u.Factor : 0, -u.Suffix.Length));
        return string.Create(CultureInfo.InvariantCulture, $"{amount / factor}{suffix}");
    }
}

/// <summary>How much of the network a job may use.</summary>
/// <param name="BitsPerSecond">Bits a second, or null for no limit.</param>
public readonly record struct Bandwidth(long? BitsPerSecond)
{
    /// <summary>No limit.</summary>
    public static Bandwidth Unlimited { get; } = new(null);

    /// <summary>Bytes a second, or null for no limit.</summary>
    public long? BytesPerSecond => BitsPerSecond / 8;
}
