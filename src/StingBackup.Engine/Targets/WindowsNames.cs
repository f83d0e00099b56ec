using System.Buffers;

namespace StingBackup.Engine.Targets;

/// <summary>Which names Windows can hold. It would take some of the others for something else, without a word: a device, a stream, a shorter name.</summary>
internal static class WindowsNames
{
    private static readonly SearchValues<char> s_forbidden = SearchValues.Create([.. "<>:\"/\\|?*", .. Enumerable.Range(0, 32).Select(c => (char)c)]);
    private static readonly string[] s_devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

    /// <summary>Why a component is none of Windows' names, or null when it is one.</summary>
    public static string? Objection(ReadOnlySpan<char> name)
    {
        var forbidden = name.IndexOfAny(s_forbidden);
        if (forbidden >= 0)
        {
            return name[forbidden] < ' ' ? "it holds a control character" : $"it holds '{name[forbidden]}'";
        }
        if (name.EndsWith('.') || name.EndsWith(' '))
        {
            return "it ends with a dot or a blank, which Windows drops";
        }
        // A device is one with any extension, and with blanks before that.
        var dot = name.IndexOf('.');
        var stem = (dot < 0 ? name : name[..dot]).TrimEnd(' ');
        return IsDevice(stem) ? $"'{stem}' is a device" : name.Length > 255 ? "it has more than 255 characters" : null;
    }

    private static bool IsDevice(ReadOnlySpan<char> stem)
    {
        foreach (var device in s_devices)
        {
            if (stem.Equals(device, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return stem.Length == 4 && (stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase))
            && stem[3] is (>= '0' and <= '9') or '¹' or '²' or '³';
    }
}
