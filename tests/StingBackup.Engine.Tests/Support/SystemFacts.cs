using StingBackup.Engine.Limits;
namespace StingBackup.Engine.Tests.Support;

/// <summary>Runs on Linux; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "It is about Linux.";
}

/// <summary>Runs on Linux as root; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute(string why = "Only root may give files away.") => Skip = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess ? null : why;
}

/// <summary>Runs on Linux; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute() => Skip = OperatingSystem.IsLinux() ? null : "It is about Linux.";
}

/// <summary>Runs on Linux and macOS; on Windows it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "It is about Unix permissions." : null;
}

/// <summary>Runs where strace stands on the path, so that single system calls can be made to fail; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StraceFactAttribute : FactAttribute
{
    public StraceFactAttribute()
    {
        var found = OperatingSystem.IsLinux() && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "strace")));
        Skip = found ? null : "strace is not on the path.";
    }
}

/// <summary>Runs where this process may make a control group for the processors; elsewhere it is named as skipped, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ControlGroupFactAttribute : FactAttribute
{
    public ControlGroupFactAttribute()
    {
        var files = new ControlFiles();
        var (place, reason) = ControlGroupPlace.Find(files);
        Skip = place is null ? reason : ControlGroup.ObstacleOf(files, place) is { Length: > 0 } obstacle ? obstacle : files.MayMakeIn(place.Own) ? null : $"There is no right to make a control group in {place.Own}.";
    }
}
