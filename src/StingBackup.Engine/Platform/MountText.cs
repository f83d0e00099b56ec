using System.Text;

namespace StingBackup.Engine.Platform;

/// <summary>How <c>/proc/self/mountinfo</c> is written.</summary>
internal static class MountText
{
    /// <summary>A path as mountinfo writes it: blank, tab, newline and backslash as three octal digits.</summary>
    public static string Unescape(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length)
            {
                plain.Append((char)Convert.ToInt32(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }
        return plain.ToString();
    }
}
