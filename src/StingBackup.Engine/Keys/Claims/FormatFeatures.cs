using System.Reflection;

namespace StingBackup.Engine.Keys;

/// <summary>What of the format this program knows beyond version 1 itself.</summary>
public static class FormatFeatures
{
    /// <summary>Numbers of features that it reads and writes. There are none yet: everything that was added so far may be passed over by whoever does not know it.</summary>
    public static IReadOnlySet<uint> Known { get; } = new HashSet<uint>();

    /// <summary>The first version of StingBackup that knows version 1 of the format.</summary>
    public const string FirstProgram = "0.1.0";

    /// <summary>This program's version, without what a build appends.</summary>
    public static string ThisProgram { get; } = (typeof(FormatFeatures).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? FirstProgram).Split('+')[0];
}
