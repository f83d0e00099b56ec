using System.Globalization;

namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>Where a value comes from.</summary>
/// <param name="File">The file, or null.</param>
/// <param name="Line">Its line, from 1; 0 where there is none.</param>
/// <param name="Variable">The environment variable, or null.</param>
public sealed record SettingOrigin(string? File, int Line, string? Variable)
{
    /// <summary>Nothing set it.</summary>
    public static SettingOrigin Default { get; } = new(null, 0, null);

    /// <summary>True when a file sets it.</summary>
    public bool IsFile => File is not null;

    /// <summary><c>file:line</c>, <c>environment NAME</c> or <c>default</c>.</summary>
    public override string ToString() =>
        File is not null ? string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}")
        : Variable is not null ? $"environment {Variable}"
        : "default";
}
