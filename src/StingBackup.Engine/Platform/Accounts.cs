using System.Collections.Concurrent;
using System.Runtime.Versioning;

namespace StingBackup.Engine.Platform;

/// <summary>Names and numbers of users and groups, each asked for once: behind the system's call there may be a directory server.</summary>
[SupportedOSPlatform("linux")]
internal sealed class Accounts
{
    private readonly ConcurrentDictionary<uint, string?> _userNames = new();
    private readonly ConcurrentDictionary<uint, string?> _groupNames = new();
    private readonly ConcurrentDictionary<string, uint?> _userIds = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, uint?> _groupIds = new(StringComparer.Ordinal);

    /// <summary>A user's name, or null where the number has none.</summary>
    public string? UserName(uint id) => _userNames.GetOrAdd(id, Libc.UserName);

    /// <summary>A group's name, or null where the number has none.</summary>
    public string? GroupName(uint id) => _groupNames.GetOrAdd(id, Libc.GroupName);

    /// <summary>The number here of whoever had this name and number there: by name where the name is known, else the number itself.</summary>
    public uint? UserId(string? name, uint? id) => (name is null ? null : _userIds.GetOrAdd(name, Libc.UserId)) ?? id;

    /// <summary>The same for a group.</summary>
    public uint? GroupId(string? name, uint? id) => (name is null ? null : _groupIds.GetOrAdd(name, Libc.GroupId)) ?? id;
}
