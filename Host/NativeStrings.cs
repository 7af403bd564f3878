using System.Runtime.InteropServices;
using System.Text;

namespace ActorRaid.Host;

/// <summary>Strings as C has them, freed together.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly List<nint> _blocks = [];

    internal byte* Add(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text + "\0");
        var block = (byte*)NativeMemory.Alloc((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(block, bytes.Length));
        _blocks.Add((nint)block);
        return block;
    }

    internal byte** Add(IReadOnlyList<string> texts)
    {
        var list = (byte**)NativeMemory.Alloc((nuint)(texts.Count + 1), (nuint)sizeof(byte*));
        _blocks.Add((nint)list);
        for (var i = 0; i < texts.Count; i++)
            list[i] = Add(texts[i]);
        list[texts.Count] = null;
        return list;
    }

    public void Dispose()
    {
        foreach (var block in _blocks)
            NativeMemory.Free((void*)block);
    }
}
