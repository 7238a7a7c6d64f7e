/*
 * A class file as the Java virtual machine specification (chapter 4) lays it out.
 * In: its bytes. Out: the class's name, the size of its constant pool, and the bytes of code of each method.
 * Never loads the class. Change it when a test wants to know more of what was compiled.
 */
import java.nio.ByteBuffer

class ClassFile {
    // How many bytes follow the tag of a constant; 1 is text of a length of its own.
    static final Map LENGTHS = [3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2]

    String name
    int constants
    Map<String, Integer> code = [:]

    private final DataInputStream data
    private final Map<Integer, Object> pool = [:]

    ClassFile(byte[] bytes) {
        data = new DataInputStream(new ByteArrayInputStream(bytes))
        data.skipBytes(8)
        constants = data.readUnsignedShort()
        readPool()
        data.skipBytes(2)
        name = pool[pool[data.readUnsignedShort()] as int]
        data.skipBytes(2)
        data.skipBytes(2 * data.readUnsignedShort())
        members { member, content -> }
        // After the depth of the stack and the number of variables; methods of one name count by the longest.
        members { member, content -> code[member] = Math.max(code[member] ?: 0, ByteBuffer.wrap(content).getInt(4)) }
    }

    private void readPool() {
        for (int index = 1; index < constants; index++) {
            int tag = data.readUnsignedByte()
            if (tag == 1) {
                pool[index] = data.readUTF()
            } else if (tag == 7) {
                pool[index] = data.readUnsignedShort()
            } else {
                data.skipBytes(LENGTHS[tag])
            }
            if (tag in [5, 6]) { index++ }
        }
    }

    // Fields or methods: `ofCode` is called where the code of one begins.
    private void members(Closure ofCode) {
        int count = data.readUnsignedShort()
        for (int index = 0; index < count; index++) {
            data.skipBytes(2)
            String member = pool[data.readUnsignedShort()]
            data.skipBytes(2)
            int attributes = data.readUnsignedShort()
            for (int number = 0; number < attributes; number++) {
                String attribute = pool[data.readUnsignedShort()]
                int length = data.readInt()
                byte[] content = new byte[length]
                data.readFully(content)
                if (attribute == 'Code') { ofCode(member, content) }
            }
        }
    }
}
