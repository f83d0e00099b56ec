using System.Globalization;
using System.Reflection;

namespace StingBackup.Packager;

/// <summary>What is to be made, of what.</summary>
internal sealed record PackageOptions
{
    /// <summary>The repository's root.</summary>
    public string Root { get; init; } = Metadata("RepositoryRoot");

    /// <summary>The version: Directory.Build.props has it.</summary>
    public string Version { get; init; } = Metadata("ProductVersion");

    /// <summary>Where packages go.</summary>
    public string Output { get; init; } = "";

    /// <summary>Leaves out native code, which takes most of the time: for tests of packages, not for handing out.</summary>
    public bool Quick { get; init; }

    /// <summary>A program that signs, called with each folder that holds files to be signed, before they are packed; null for none.</summary>
    public string? Sign { get; init; }

    /// <summary>The moment that every file in a package bears: <c>SOURCE_DATE_EPOCH</c>, else the commit's.</summary>
    public DateTimeOffset Date { get; init; }

    /// <summary>Help.</summary>
    public static string Help => """
        ./package.sh [--version V] [--output DIR] [--quick] [--sign PROGRAM]
          --version V     another version than that of Directory.Build.props
          --output DIR    where the packages go; else out/packages
          --quick         without native code: soon done, slower to start; for trying packages, not for handing out
          --sign PROGRAM  called with a folder as its argument before the files in it are packed: Authenticode, say

        Needs the .NET 10 SDK on x64 Linux. Makes StingBackup.<version>.nupkg, sting-backup-<version>-linux-x64.tar.gz, sting-backup_<version>_amd64.deb, a
        Containerfile, bills of materials (*.cdx.json) and SHA256SUMS. Two runs on one commit are equal, byte by byte (docs/install.md); SOURCE_DATE_EPOCH dates the files, else the commit does.

        """;

    /// <summary>Reads a command line; null for help.</summary>
    /// <exception cref="PackageException">A word has no meaning.</exception>
    public static PackageOptions? Read(IReadOnlyList<string> words)
    {
        var options = new PackageOptions();
        for (var i = 0; i < words.Count; i++)
        {
            string Value() => ++i < words.Count ? words[i] : throw new PackageException($"'{words[i - 1]}' needs a value.");
            switch (words[i])
            {
                case "--version": options = options with { Version = Value() }; break;
                case "--output": options = options with { Output = Path.GetFullPath(Value()) }; break;
                case "--quick": options = options with { Quick = true }; break;
                case "--sign": options = options with { Sign = Value() }; break;
                case "--help" or "-h": return null;
                default: throw new PackageException($"'{words[i]}' is no option.\n{Help}");
            }
        }
        if (!System.Version.TryParse(options.Version, out var version) || version.ToString(3) != options.Version)
        {
            throw new PackageException($"'{options.Version}' is no version: three numbers, as 0.1.0.");
        }
        return options with { Output = options.Output.Length > 0 ? options.Output : Path.Join(options.Root, "out", "packages"), Date = DateOf(options.Root) };
    }

    private static DateTimeOffset DateOf(string root)
    {
        var seconds = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH") is { Length: > 0 } named ? named : Tool.Read("git", ["-C", root, "log", "-1", "--format=%ct"]);
        return long.TryParse(seconds.Trim(), CultureInfo.InvariantCulture, out var epoch) ? DateTimeOffset.FromUnixTimeSeconds(epoch)
            : throw new PackageException($"'{seconds.Trim()}' is no SOURCE_DATE_EPOCH: seconds since 1970.");
    }

    private static string Metadata(string key) =>
        typeof(PackageOptions).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
