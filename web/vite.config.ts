import vue from '@vitejs/plugin-vue'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// `npm run dev` talks to a running `gridkeeper serve`; set its port when it is not 8000.
const server = `http://127.0.0.1:${process.env['GRIDKEEPER_PORT'] ?? '8000'}`

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { host: '127.0.0.1', proxy: { '/api': server, '/tiles': server } },
  build: {
    target: 'es2022',
    // MapLibre alone is about 1 MB before compression; it is a chunk of its own, loaded beside the shell.
    chunkSizeWarningLimit: 1200,
  },
  test: { environment: 'happy-dom', include: ['test/**/*.test.ts'] },
})
