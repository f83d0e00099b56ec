namespace StingBackup.Engine.Cryptography;

/// <summary>
/// The field of 256 elements as AES has it: polynomials over GF(2) modulo x⁸+x⁴+x³+x+1. No table and no branch depends on a value, so that neither time nor cache tells a secret.
/// </summary>
internal static class Gf256
{
    private const int Reduction = 0x1b;

    /// <summary>The product.</summary>
    public static byte Multiply(byte a, byte b)
    {
        int left = a, right = b, product = 0;
        for (var bit = 0; bit < 8; bit++)
        {
            product ^= left & -(right & 1);
            left = ((left << 1) ^ (Reduction & -(left >> 7))) & 0xff;
            right >>= 1;
        }
        return (byte)product;
    }

    /// <summary>The inverse, a²⁵⁴; zero has none, and gives zero.</summary>
    public static byte Inverse(byte a)
    {
        // 254 = 0b11111110: the product of a² … a¹²⁸.
        byte power = a, product = 1;
        for (var bit = 1; bit < 8; bit++)
        {
            power = Multiply(power, power);
            product = Multiply(product, power);
        }
        return product;
    }
}
